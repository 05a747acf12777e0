"""Motion correction of one patient: every sequence onto grid and anatomy of the fixed one."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import SimpleITK as sitk
import torch

from mrelevance.cohort.patient import PatientImages, canonical_patient
from mrelevance.registration.coverage import covered_share, covered_voxels, fill_uncovered
from mrelevance.registration.deformable import Comparison, register_deformable
from mrelevance.registration.expected_error import expected_error
from mrelevance.registration.fixed_image import FixedImage, prepare_fixed
from mrelevance.registration.grid import make_grid
from mrelevance.registration.inverse import inverse_transform
from mrelevance.registration.jacobian import jacobian_determinant
from mrelevance.registration.measures import FLAGS, Measures, flag_coverage, flag_registration
from mrelevance.registration.mirrored import better_mirrored
from mrelevance.registration.resampling import resample
from mrelevance.registration.rigid import register_rigid
from mrelevance.registration.spline import displacement_field, spline_transform
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like
from mrelevance.runtime.orientation import turned_like

ATTEMPTS = {"deformable": ["deformable", "rigid"], "rigid": ["rigid"], "none": []}
NO_MOTION = Measures(
    similarity_before=1,
    similarity_after=1,
    displacement_mean_mm=0,
    displacement_p95_mm=0,
    folded_share=0,
    jacobian_min=1,
    jacobian_max=1,
    expected_error_mm=0,
    expected_error_low_mm=0,
    expected_error_high_mm=0,
    better_mirrored="",
    coverage=1,
    lesion_coverage=1,
)


@dataclass(frozen=True)
class Correction:
    """One sequence, registered to the fixed sequence.

    Attributes
    ----------
    image
        float32 on the grid of the fixed sequence; beyond the field of view of this sequence, the
        body's median.
    transform
        Maps points of the fixed sequence to points of this one: what `SimpleITK.Resample` takes.
    method
        What the result is: deformable, rigid or identity; fixed for the fixed sequence itself.
    measures
        Similarity, displacement, change of volume and expected error.
    flag, reason
        good, check or failed by the thresholds of the configuration; why, and what was given up.
    coverage
        uint8 on the grid of the fixed sequence, 1 in the field of view of this one.
    """

    image: sitk.Image
    transform: sitk.Transform
    method: str
    measures: Measures
    flag: str
    reason: str
    coverage: sitk.Image

    @cached_property
    def inverse(self) -> sitk.Transform:
        """Maps points of this sequence to points of the fixed one."""
        return inverse_transform(self.transform)


@dataclass(frozen=True)
class _Registration:
    """Transform found by a method, and the similarity without and with it."""

    method: str
    transform: sitk.Transform
    before: float
    after: float


def correct_patient(
    patient: PatientImages, settings: dict, device: str = "cpu"
) -> dict[str, Correction]:
    """Register every sequence of a patient to the fixed sequence and resample it there.

    The result is never worse than the input: a deformation that lowers the similarity, folds or
    leaves too large an error gives way to a rigid motion, and this to the identity. `method`
    names the result, `reason` what was given up and why. Everything is computed in the canonical
    orientation, so that the result does not depend on how the images are stored.

    Parameters
    ----------
    patient
        Images on grids of their own with overlapping fields of view. With a mask, only the organ
        and 20 mm around it are compared; without one, the body is found and compared. With a
        label, it is measured how much of the lesions each sequence covers.
    settings
        Section `motion` of the configuration: `method` (deformable, rigid or none), `levels`,
        `search_mm`, `bending_energy`, `rigid`, `interpolation`, `quality`.
    device
        Where PyTorch computes, for example `cuda`.

    Returns
    -------
    Sequence name to result, in the order of the images; the fixed sequence is unchanged.

    Raises
    ------
    InputError
        An image is constant or not finite, or does not overlap with the body in the fixed
        sequence; the mask is empty; mask or label are not on the grid of the fixed sequence.
    """
    for sequence, image in patient.images.items():
        _check(image, f"patient {patient.name}, sequence {sequence}")
    stored, patient = patient.fixed, canonical_patient(patient)
    fixed = prepare_fixed(patient, settings, device)
    corrections = {}
    for sequence, moving in patient.images.items():
        if sequence == patient.fixed_sequence:
            identity = sitk.Transform(3, sitk.sitkIdentity)
            everywhere = image_like(np.ones_like(fixed.body), fixed.image)
            found = Correction(fixed.image, identity, "fixed", NO_MOTION, "good", "", everywhere)
        else:
            what = f"patient {patient.name}, sequence {sequence}"
            moving = sitk.Cast(moving, sitk.sitkFloat32)
            found = _correct_sequence(fixed, moving, settings, what)
            found = _with_coverage_flag(found, settings["quality"])
        corrections[sequence] = replace(
            found,
            image=turned_like(found.image, stored),
            coverage=turned_like(found.coverage, stored),
        )
    return corrections


def _check(image: sitk.Image, what: str) -> None:
    voxels = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(voxels).all():
        raise InputError(f"{what}: has NaN or infinite voxels; repair the image")
    if voxels.min() == voxels.max():
        raise InputError(
            f"{what}: has one value everywhere and cannot be registered; check the image"
        )


def _correct_sequence(
    fixed: FixedImage, moving: sitk.Image, settings: dict, what: str
) -> Correction:
    level = fixed.levels[-1]
    comparison = Comparison(level, make_grid(moving, level.resolution_mm, fixed.device))
    still = torch.zeros_like(comparison.start)
    if not comparison.covers(still):
        raise InputError(
            f"{what}: its field of view holds no part of the body in the fixed sequence; "
            "check origin and direction in the header"
        )
    given_up, reasons = [], []
    for method in [*ATTEMPTS[settings["method"]], "identity"]:
        transform, coefficients = _register(method, fixed, moving, comparison, settings)
        before, after = comparison.similarities(still, coefficients)
        if method != "identity" and after <= before:
            reasons.append(f"{method}: does not raise the similarity")
            continue
        found = _Registration(method, transform, before, after)
        attempt = _apply(found, fixed, moving, settings)
        if attempt.flag != "failed":
            break
        given_up.append(attempt)
        reasons.append(f"{method}: {attempt.reason}")
    else:
        # Every attempt failed. The identity is among them and does not fold.
        unfolded = [attempt for attempt in given_up if attempt.measures.jacobian_min > 0]
        return min(unfolded, key=lambda attempt: attempt.measures.expected_error_mm)
    return replace(
        attempt,
        flag="check" if given_up else attempt.flag,
        reason="; ".join(filter(None, [*reasons[:1], attempt.reason])),
    )


def _with_coverage_flag(correction: Correction, thresholds: dict) -> Correction:
    """Join the flag of the registration with that of what the sequence covers."""
    flag, reason = flag_coverage(correction.measures, thresholds)
    return replace(
        correction,
        flag=max(correction.flag, flag, key=FLAGS.index),
        reason="; ".join(filter(None, [reason, correction.reason])),
    )


def _register(
    method: str, fixed: FixedImage, moving: sitk.Image, comparison: Comparison, settings: dict
) -> tuple[sitk.Transform, torch.Tensor]:
    """Find the transform by a method; also return it as coefficients of the finest level."""
    if method == "deformable":
        coefficients = register_deformable(
            fixed.levels, fixed.image, moving, settings["search_mm"], settings["bending_energy"]
        )
        return spline_transform(coefficients.cpu().numpy(), fixed.image), coefficients
    if method == "rigid":
        transform = register_rigid(fixed.image, moving, **settings["rigid"])
        return transform, comparison.coefficients_of(transform)
    return sitk.Transform(3, sitk.sitkIdentity), torch.zeros_like(comparison.start)


def _apply(
    found: _Registration, fixed: FixedImage, moving: sitk.Image, settings: dict
) -> Correction:
    """Resample the moving image, measure the registration and flag it."""
    field = displacement_field(found.transform, fixed.image)
    image = resample(moving, fixed.image, field, settings["interpolation"])
    length = np.linalg.norm(sitk.GetArrayViewFromImage(field)[fixed.compared], axis=-1)
    jacobian = jacobian_determinant(field)[fixed.body]
    covered = covered_voxels(moving, field)
    compared, deformed = fixed.compared & covered, found.method == "deformable"
    error = expected_error(image, fixed.image, compared, settings, deformed, fixed.device)
    # Only where the expected error leaves doubt.
    mirrored = ""
    if error.high_mm > settings["quality"]["check_error_mm"]:
        search_mm, bending = settings["search_mm"], settings["bending_energy"]
        mirrored = better_mirrored(fixed.levels[0], image, fixed.image, search_mm, bending)
    measures = Measures(
        similarity_before=found.before,
        similarity_after=found.after,
        displacement_mean_mm=float(length.mean()),
        displacement_p95_mm=float(np.percentile(length, 95)),
        folded_share=float(np.mean(jacobian <= 0)),
        jacobian_min=float(jacobian.min()),
        jacobian_max=float(jacobian.max()),
        expected_error_mm=error.mm,
        expected_error_low_mm=error.low_mm,
        expected_error_high_mm=error.high_mm,
        better_mirrored=mirrored,
        coverage=covered_share(covered, fixed.body),
        lesion_coverage=covered_share(covered, fixed.lesions),
    )
    flag, reason = flag_registration(measures, settings["quality"])
    image = fill_uncovered(image, covered, fixed.body)
    coverage = image_like(covered, fixed.image)
    return Correction(image, found.transform, found.method, measures, flag, reason, coverage)
