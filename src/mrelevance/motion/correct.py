"""Motion correction of one patient: every sequence onto the reference's grid and anatomy."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch

from mrelevance.errors import InputError
from mrelevance.images import image_like, to_array
from mrelevance.motion.body import body_mask
from mrelevance.motion.deformable import (
    Comparison,
    Level,
    reference_levels,
    register_deformable,
)
from mrelevance.motion.grid import make_grid
from mrelevance.motion.rigid import register_rigid
from mrelevance.motion.spline import displacement_field, spline_transform

INTERPOLATORS = {"linear": sitk.sitkLinear, "bspline": sitk.sitkBSpline}


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
        Mean squared local correlation with the reference in the body, 0 to 1.
    displacement_mean_mm, displacement_p95_mm
        Mean and 95th percentile of the displacement's length in the body.
    folded_share
        Share of the body's voxels where the transform turns space inside out.
    """

    image: sitk.Image
    transform: sitk.Transform
    method: str
    similarity_before: float
    similarity_after: float
    displacement_mean_mm: float
    displacement_p95_mm: float
    folded_share: float


def correct_patient(
    images: dict[str, sitk.Image],
    reference: str,
    settings: dict,
    patient: str,
    device: str = "cpu",
) -> dict[str, Correction]:
    """Register every sequence of a patient to the reference sequence and resample it there.

    The result is never worse than the input: a deformation that lowers the similarity or folds
    gives way to a rigid motion, and one that lowers it to none; `method` says what was done.

    Parameters
    ----------
    images
        Sequence name to 3D image, each on its own grid; overlapping fields of view.
    reference
        Name of the sequence that stays.
    settings
        Section `motion` of the configuration: `method` (deformable, rigid or none), `levels`,
        `search_mm`, `bending_energy`, `rigid`, `interpolation`.
    patient
        Names the patient in errors.
    device
        Where PyTorch computes, for example `cuda`.

    Returns
    -------
    Sequence name to result, in the order of `images`, the reference unchanged.

    Raises
    ------
    InputError
        An image is constant or not finite, or lies wholly outside the reference.
    """
    for sequence, image in images.items():
        _check(image, f"patient {patient}, sequence {sequence}")
    target = sitk.Cast(images[reference], sitk.sitkFloat32)
    mask = body_mask(target)
    levels = reference_levels(target, mask, settings["levels"], device)
    corrections = {}
    for sequence, image in images.items():
        if sequence == reference:
            corrections[sequence] = Correction(
                target, sitk.Transform(3, sitk.sitkIdentity), "reference", 1, 1, 0, 0, 0
            )
        else:
            what = f"patient {patient}, sequence {sequence}"
            corrections[sequence] = _correct_sequence(
                target, mask, levels, sitk.Cast(image, sitk.sitkFloat32), settings, what
            )
    return corrections


def _check(image: sitk.Image, what: str) -> None:
    voxels = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(voxels).all():
        raise InputError(f"{what}: holds NaN or infinite voxels; repair the image")
    if voxels.min() == voxels.max():
        raise InputError(f"{what}: has one value everywhere, nothing to register; check the image")


def _correct_sequence(
    target: sitk.Image,
    mask: np.ndarray,
    levels: list[Level],
    moving: sitk.Image,
    settings: dict,
    what: str,
) -> Correction:
    level = levels[-1]
    comparison = Comparison(level, make_grid(moving, level.resolution_mm, str(level.image.device)))
    still = torch.zeros_like(comparison.start)
    if not comparison.covers(still):
        raise InputError(
            f"{what}: no part of the body in the reference lies in its field of view; "
            "check origin and direction in the header"
        )
    for method in {"deformable": ["deformable", "rigid"], "rigid": ["rigid"], "none": []}[
        settings["method"]
    ]:
        if method == "deformable":
            coefficients = register_deformable(
                levels, target, moving, settings["search_mm"], settings["bending_energy"]
            )
            transform = spline_transform(coefficients.cpu().numpy(), target)
            field = displacement_field(transform, target)
            folded = folded_share(field, mask)
        else:
            transform = register_rigid(target, moving, **settings["rigid"])
            coefficients = comparison.coefficients_of(transform)
            field, folded = displacement_field(transform, target), 0.0
        before, after = comparison.similarities(still, coefficients)
        if after > before and folded == 0:
            break
    else:
        method, transform = "identity", sitk.Transform(3, sitk.sitkIdentity)
        field, folded = displacement_field(transform, target), 0.0
        before, after = comparison.similarities(still, still)
    length = np.linalg.norm(sitk.GetArrayViewFromImage(field)[mask], axis=-1)
    return Correction(
        image=resample(moving, target, field, settings["interpolation"]),
        transform=transform,
        method=method,
        similarity_before=before,
        similarity_after=after,
        displacement_mean_mm=float(length.mean()),
        displacement_p95_mm=float(np.percentile(length, 95)),
        folded_share=folded,
    )


def folded_share(field: sitk.Image, mask: np.ndarray) -> float:
    """Share of a mask's voxels (D, H, W) where p + u(p) has no positive Jacobian determinant."""
    jacobian = to_array(sitk.DisplacementFieldJacobianDeterminant(field))
    return float(np.mean(jacobian[mask] <= 0))


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
