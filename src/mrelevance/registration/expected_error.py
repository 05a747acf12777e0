"""The error that a registration has probably left, measured on the way back, without a truth."""

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from mrelevance.registration.deformable import fixed_levels, register_deformable
from mrelevance.registration.spline import displacement_field, spline_transform


class ExpectedError(NamedTuple):
    """Mean error of a registration where the images are compared, mm.

    `low_mm` to `high_mm` held the true error of 9 of 10 pairs of images with known motion.
    """

    mm: float
    low_mm: float
    high_mm: float


class WayBack(NamedTuple):
    """A registration of the fixed image to the corrected one.

    `levels`, `search_mm` and `bending_energy` as in section `motion` of the configuration;
    `error_factor` turns the mean displacement that is found into an error.
    """

    levels: list[dict]
    search_mm: float
    bending_energy: float
    error_factor: float


# The range, and the factors below, come from pairs with known motion of several sources:
# see docs/motion.md.
LOW, HIGH = 0.65, 1.5


def expected_error(
    corrected: sitk.Image,
    fixed: sitk.Image,
    mask: np.ndarray,
    settings: dict,
    deformed: bool,
    device: str,
) -> ExpectedError:
    """Estimate the error of a registration by registering the fixed image to the corrected one.

    The two images change roles. After a perfect correction nothing would move.

    Parameters
    ----------
    corrected, fixed
        3D images on one grid.
    mask
        Boolean, (D, H, W): where the images are compared. Where nothing is, the error is infinite.
    settings
        Section `motion` of the configuration: `levels`; after a rigid motion also `search_mm` and
        `bending_energy`. After a deformation the stiffness is fixed, as the factors hold for it.
    deformed
        Whether the correction is a deformation.
    device
        Where PyTorch computes.
    """
    if not mask.any():
        return ExpectedError(np.inf, np.inf, np.inf)
    ways = _after_deformation(settings) if deformed else _after_rigid_motion(settings)
    error = max(
        way.error_factor * _mean_displacement_mm(corrected, fixed, mask, way, device)
        for way in ways
    )
    return ExpectedError(error, LOW * error, HIGH * error)


def _after_deformation(settings: dict) -> list[WayBack]:
    """Two ways on the coarse images: a stiff and a free spline, of which the larger result counts.

    The stiff one finds tissue that lies elsewhere as a whole. The free one follows noise and
    details that do not fit, and so tells how loosely the images hold the tissue in place.
    """
    voxel_mm = settings["levels"][0]["resolution_mm"]

    def level(control_voxels: int, iterations: int) -> list[dict]:
        spacing_mm = control_voxels * voxel_mm
        return [
            {
                "resolution_mm": voxel_mm,
                "control_spacing_mm": spacing_mm,
                "iterations": iterations,
            }
        ]

    stiff = WayBack(level(4, 8), search_mm=0, bending_energy=2000, error_factor=0.8)
    free = WayBack(level(3, 12), search_mm=0, bending_energy=50, error_factor=0.4)
    return [stiff, free]


def _after_rigid_motion(settings: dict) -> list[WayBack]:
    """One way, for deformation that a rigid motion or the identity has left."""
    coarse, finest = settings["levels"][0], settings["levels"][-1]
    fine = coarse | {"resolution_mm": finest["resolution_mm"], "iterations": 15}
    return [WayBack([coarse, fine], settings["search_mm"], settings["bending_energy"], 1)]


def _mean_displacement_mm(
    corrected: sitk.Image, fixed: sitk.Image, mask: np.ndarray, way: WayBack, device: str
) -> float:
    levels = fixed_levels(corrected, mask, way.levels, device)
    found = register_deformable(levels, corrected, fixed, way.search_mm, way.bending_energy)
    field = displacement_field(spline_transform(found.cpu().numpy(), fixed), fixed)
    return float(np.linalg.norm(sitk.GetArrayViewFromImage(field)[mask], axis=-1).mean())
