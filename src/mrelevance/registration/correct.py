"""Motion correction of one patient: every sequence onto the reference's grid and anatomy."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import SimpleITK as sitk
import torch
from scipy import ndimage

from mrelevance.registration.body import body_mask
from mrelevance.registration.deformable import (
    Comparison,
    Level,
    reference_levels,
    register_deformable,
)
from mrelevance.registration.grid import make_grid
from mrelevance.registration.inverse import inverse_transform
from mrelevance.registration.judgement import (
    backward_displacement_mm,
    covered_voxels,
    jacobian_determinant,
    judge,
)
from mrelevance.registration.rigid import register_rigid
from mrelevance.registration.spline import displacement_field, spline_transform
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import check_same_geometry, image_like, to_array

INTERPOLATORS = {"linear": sitk.sitkLinear, "bspline": sitk.sitkBSpline}
ATTEMPTS = {"deformable": ["deformable", "rigid"], "rigid": ["rigid"], "none": []}
# The border of an organ tells more about its place than its inside: so much around it counts, too.
MARGIN_MM = 20


@dataclass(frozen=True)
class Correction:
    """One sequence brought to the reference.

    Attributes
    ----------
    image
        float32 on the grid of the reference.
    transform
        Maps points of the reference to points of the sequence: what `SimpleITK.Resample` takes.
    method
        What the result is: deformable, rigid or identity; reference for the reference itself.
    similarity_before, similarity_after
        Mean squared local correlation with the reference where they are compared, 0 to 1.
    displacement_mean_mm, displacement_p95_mm
        Mean and 95th percentile of the displacement's length there.
    folded_share
        Share of the body's voxels where the transform turns space inside out.
    jacobian_min, jacobian_max
        Range of the local change of volume in the body.
    consistency_p95_mm
        95th percentile of the distance between forward and backward registration.
    flag, reason
        good, check or failed by the thresholds of the configuration; why, and what was given up.
    """

    image: sitk.Image
    transform: sitk.Transform
    method: str
    similarity_before: float
    similarity_after: float
    displacement_mean_mm: float
    displacement_p95_mm: float
    folded_share: float
    jacobian_min: float
    jacobian_max: float
    consistency_p95_mm: float
    flag: str
    reason: str

    @cached_property
    def inverse(self) -> sitk.Transform:
        """Maps points of the sequence to points of the reference."""
        return inverse_transform(self.transform)


@dataclass(frozen=True)
class _Target:
    """The reference, prepared once: (D, H, W) masks where it is compared, and of the body."""

    image: sitk.Image
    compared: np.ndarray
    body: np.ndarray
    levels: list[Level]


def correct_patient(
    images: dict[str, sitk.Image],
    reference: str,
    settings: dict,
    patient: str,
    device: str = "cpu",
    mask: sitk.Image | None = None,
) -> dict[str, Correction]:
    """Register every sequence of a patient to the reference sequence and resample it there.

    The result is never worse than the input: a deformation that lowers the similarity, folds or
    does not stand its own test gives way to a rigid motion, and this to none; `method` says what
    was done, `reason` why.

    Parameters
    ----------
    images
        Sequence name to 3D image, each on its own grid; overlapping fields of view.
    reference
        Name of the sequence that stays.
    settings
        Section `motion` of the configuration: `method` (deformable, rigid or none), `levels`,
        `search_mm`, `bending_energy`, `rigid`, `interpolation`, `quality`.
    patient
        Names the patient in errors.
    device
        Where PyTorch computes, for example `cuda`.
    mask
        The organ of interest on the grid of the reference, not 0 inside: only it and 20 mm around
        it decide. Without one it is the body, which is found.

    Returns
    -------
    Sequence name to result, in the order of `images`, the reference unchanged.

    Raises
    ------
    InputError
        An image is constant or not finite, or lies wholly outside the reference; the mask is
        empty or not on the grid of the reference.
    """
    for sequence, image in images.items():
        _check(image, f"patient {patient}, sequence {sequence}")
    image = sitk.Cast(images[reference], sitk.sitkFloat32)
    body = body_mask(image)
    compared = body if mask is None else _around(mask, image, f"patient {patient}, mask")
    levels = reference_levels(image, compared, settings["levels"], device)
    target = _Target(image, compared, body | compared, levels)
    corrections = {}
    for sequence, moving in images.items():
        if sequence == reference:
            still = sitk.Transform(3, sitk.sitkIdentity)
            corrections[sequence] = Correction(
                image, still, "reference", 1, 1, 0, 0, 0, 1, 1, 0, "good", ""
            )
        else:
            what = f"patient {patient}, sequence {sequence}"
            corrections[sequence] = _correct_sequence(
                target, sitk.Cast(moving, sitk.sitkFloat32), settings, what
            )
    return corrections


def _check(image: sitk.Image, what: str) -> None:
    voxels = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(voxels).all():
        raise InputError(f"{what}: holds NaN or infinite voxels; repair the image")
    if voxels.min() == voxels.max():
        raise InputError(f"{what}: has one value everywhere, nothing to register; check the image")


def _around(mask: sitk.Image, reference: sitk.Image, what: str) -> np.ndarray:
    check_same_geometry(mask, reference, what)
    inside = to_array(mask) > 0
    if not inside.any():
        raise InputError(f"{what}: holds no voxel; draw the organ, or give no mask")
    spacing = reference.GetSpacing()[::-1]
    return ndimage.distance_transform_edt(~inside, sampling=spacing) <= MARGIN_MM


def _correct_sequence(target: _Target, moving: sitk.Image, settings: dict, what: str) -> Correction:
    level = target.levels[-1]
    comparison = Comparison(level, make_grid(moving, level.resolution_mm, str(level.image.device)))
    still = torch.zeros_like(comparison.start)
    if not comparison.covers(still):
        raise InputError(
            f"{what}: no part of the body in the reference lies in its field of view; "
            "check origin and direction in the header"
        )
    given_up, reasons = [], []
    for method in [*ATTEMPTS[settings["method"]], "identity"]:
        transform, coefficients = _register(method, target, moving, comparison, settings)
        before, after = comparison.similarities(still, coefficients)
        if method != "identity" and after <= before:
            reasons.append(f"{method}: does not raise the similarity")
            continue
        attempt = _measured(target, moving, transform, settings, method, before, after)
        if attempt.flag != "failed":
            break
        given_up.append(attempt)
        reasons.append(f"{method}: {attempt.reason}")
    else:
        # Nothing can be trusted; the identity at least does not fold.
        sound = [attempt for attempt in given_up if attempt.jacobian_min > 0]
        return min(sound, key=lambda attempt: attempt.consistency_p95_mm)
    return replace(
        attempt,
        flag="check" if given_up else attempt.flag,
        reason=[*reasons, attempt.reason][0],
    )


def _register(
    method: str, target: _Target, moving: sitk.Image, comparison: Comparison, settings: dict
) -> tuple[sitk.Transform, torch.Tensor]:
    """Transform of a method, and its displacement as coefficients of the finest level."""
    if method == "deformable":
        coefficients = register_deformable(
            target.levels, target.image, moving, settings["search_mm"], settings["bending_energy"]
        )
        return spline_transform(coefficients.cpu().numpy(), target.image), coefficients
    if method == "rigid":
        transform = register_rigid(target.image, moving, **settings["rigid"])
        return transform, comparison.coefficients_of(transform)
    return sitk.Transform(3, sitk.sitkIdentity), torch.zeros_like(comparison.start)


def _measured(
    target: _Target,
    moving: sitk.Image,
    transform: sitk.Transform,
    settings: dict,
    method: str,
    before: float,
    after: float,
) -> Correction:
    field = displacement_field(transform, target.image)
    image = resample(moving, target.image, field, settings["interpolation"])
    length = np.linalg.norm(sitk.GetArrayViewFromImage(field)[target.compared], axis=-1)
    jacobian = jacobian_determinant(field)[target.body]
    consistency = backward_displacement_mm(
        image,
        target.image,
        target.compared & covered_voxels(moving, field),
        settings["levels"],
        settings["bending_energy"],
        str(target.levels[0].image.device),
    )
    judgement = judge(
        consistency,
        target.levels[-1].voxel_mm,
        after,
        jacobian.min(),
        jacobian.max(),
        settings["quality"],
    )
    return Correction(
        image=image,
        transform=transform,
        method=method,
        similarity_before=before,
        similarity_after=after,
        displacement_mean_mm=float(length.mean()),
        displacement_p95_mm=float(np.percentile(length, 95)),
        folded_share=float(np.mean(jacobian <= 0)),
        jacobian_min=float(jacobian.min()),
        jacobian_max=float(jacobian.max()),
        consistency_p95_mm=consistency,
        flag=judgement.flag,
        reason=judgement.reason,
    )


def folded_share(field: sitk.Image, mask: np.ndarray) -> float:
    """Share of a mask's voxels (D, H, W) where p + u(p) has no positive Jacobian determinant."""
    return float(np.mean(jacobian_determinant(field)[mask] <= 0))


def resample(
    moving: sitk.Image, target: sitk.Image, field: sitk.Image, interpolation: str
) -> sitk.Image:
    """Move an image onto the grid of `target` along a displacement field in mm (LPS).

    `interpolation`: `linear` or `bspline` (cubic, limited to the range of the image). Where the
    moving image has no voxel, its nearest one is repeated.
    """
    voxels = sitk.GetArrayViewFromImage(moving)
    lowest, highest = float(voxels.min()), float(voxels.max())
    moved = sitk.Resample(
        moving,
        target,
        sitk.DisplacementFieldTransform(sitk.Image(field)),
        INTERPOLATORS[interpolation],
        0.0,
        sitk.sitkFloat32,
        useNearestNeighborExtrapolator=True,
    )
    # Cubic interpolation overshoots beside steep edges.
    return image_like(np.clip(sitk.GetArrayViewFromImage(moved), lowest, highest), target)
