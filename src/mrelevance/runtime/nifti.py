"""The two geometries of a NIfTI header, sform and qform, where they differ.

ITK takes the axes of one of them, depending on their codes, with a third statement, the size of a
voxel, and does not say so. Coordinates are LPS as everywhere else; those of NIfTI are RAS.
Reference: nifti.nimh.nih.gov/nifti-1/documentation.
"""

from itertools import product

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import Grid, check_axes

MOST_VOXELS_APART = 0.2
"""Headers round: the quaternion of a qform has errors of some hundredths of a millimetre."""
GEOMETRIES = ("sform", "qform")
TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From LPS to RAS, and back."""


def declared_geometries(header: nibabel.Nifti1Header, what: str) -> dict[str, np.ndarray]:
    """Geometries that a header declares, sform and qform: voxel indices to RAS in mm, (4, 4).

    `what` names the file in the error.

    Raises
    ------
    InputError
        One of them is damaged, or the size of a voxel is not positive.
    """
    voxel_mm = header["pixdim"][1:4]
    if not (np.isfinite(voxel_mm).all() and (voxel_mm > 0).all()):
        raise InputError(
            f"{what}: the size of a voxel in its header is {_in_mm(voxel_mm)}; convert it again"
        )
    found = {}
    for name in GEOMETRIES:
        try:
            affine, code = getattr(header, f"get_{name}")(coded=True)
        except (HeaderDataError, ValueError) as error:
            raise InputError(
                f"{what}: the {name} in its header is damaged ({error}); convert it again"
            ) from error
        if not code:
            continue
        # The determinant is the volume of a voxel: it is 0 if an axis is missing.
        if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise InputError(
                f"{what}: the {name} in its header spans no volume; convert it again, or set the "
                f"{name}'s code to 0 if the other geometry is right"
            )
        found[name] = affine
    return found


def chosen_grid(header: nibabel.Nifti1Header, choice: str | None, grid: Grid, what: str) -> Grid:
    """Geometry of a NIfTI image: as ITK read it, or as chosen if the header contradicts itself.

    Parameters
    ----------
    header
        Of the file.
    choice
        `sform`, `qform`, or None if the user has not chosen.
    grid
        The geometry that ITK read: the axes of one of the two, and always the size of a voxel that
        the header gives besides, as `pixdim`.
    what
        Names the file in the error.

    Raises
    ------
    InputError
        The geometries differ by more than a fifth of a voxel at a corner of the image and none is
        chosen; the chosen one has axes that are not at right angles; see also
        `declared_geometries`.
    """
    declared = declared_geometries(header, what)
    compared = [*declared.values(), _affine_of(grid)]
    distance = max(
        _most_apart_mm(first, second, grid.size) for first in compared for second in compared
    )
    if not declared or distance <= MOST_VOXELS_APART * min(grid.spacing):
        return grid
    if choice in declared:
        return _grid_of(declared[choice], grid.size, f"{what}: its {choice}")
    named = [f"{name} (code {int(header[f'{name}_code'])})" for name in declared]
    if len(named) == 1:
        named.append(f"the size of a voxel, {_in_mm(header['pixdim'][1:4])}")
    raise InputError(
        f"{what}: the geometries in its header, {' and '.join(named)}, place it up to "
        f"{distance:.1f} mm apart; find out which of them is right, and set cohort.nifti_geometry "
        f"to {' or '.join(declared)}, or mend the header"
    )


def _in_mm(lengths: np.ndarray) -> str:
    return " x ".join(f"{length:g}" for length in lengths) + " mm"


def _affine_of(grid: Grid) -> np.ndarray:
    """From voxel indices to RAS in mm, (4, 4)."""
    corner = grid.points(np.zeros((1, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3] = (grid.points(np.eye(3)) - corner).T
    affine[:3, 3] = corner
    return TO_RAS @ affine


def _most_apart_mm(first: np.ndarray, second: np.ndarray, size: tuple[int, ...]) -> float:
    """Largest distance in mm between the places of a corner of an image in two geometries."""
    ends = [(0, length - 1) for length in size]
    corners = np.array([[*corner, 1] for corner in product(*ends)])
    return float(np.linalg.norm(corners @ (first - second).T, axis=1).max())


def _grid_of(affine: np.ndarray, size: tuple[int, ...], what: str) -> Grid:
    """Grid of a size whose voxel indices an affine (4, 4) takes to RAS in mm."""
    to_lps = TO_RAS @ affine
    spacing = np.linalg.norm(to_lps[:3, :3], axis=0)
    direction = to_lps[:3, :3] / spacing
    grid = Grid(
        size, *(tuple(part.ravel().tolist()) for part in (spacing, to_lps[:3, 3], direction))
    )
    check_axes(grid, what)
    return grid
