"""Non-rigid registration: free-form deformation driven by squared local correlation."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
import torch.nn.functional as F
from scipy.optimize import minimize

from mrelevance.registration.grid import Grid, make_grid, pool_mask
from mrelevance.registration.refinement import refined
from mrelevance.registration.similarity import Template, squared_local_correlation, window_mean
from mrelevance.registration.spline import (
    ORDER,
    BendingEnergy,
    basis,
    expand,
    mesh_size,
    refit,
)


@dataclass(frozen=True)
class Level:
    """One resolution level of the fixed image, which all moving sequences share.

    `image` and `mask` (D, H, W) are cropped to the mask; `bases` evaluate a spline on them.
    `control_points` (KD, KH, KW, 3) are the world coordinates (LPS, mm) of the lattice.
    """

    resolution_mm: float
    iterations: int
    image: torch.Tensor
    mask: torch.Tensor
    bases: list[torch.Tensor]
    mesh: tuple[int, int, int]
    control_points: np.ndarray
    bending: BendingEnergy


def fixed_levels(
    image: sitk.Image, mask: np.ndarray, levels: list[dict], device: str
) -> list[Level]:
    """Prepare the fixed image once for all moving sequences of a patient.

    Parameters
    ----------
    image
        The fixed image.
    mask
        Boolean, (D, H, W): where the images are compared.
    levels
        From coarse to fine: `resolution_mm`, `control_spacing_mm`, `iterations`.
    device
        Where PyTorch computes.
    """
    return [_fixed_level(image, mask, level, device) for level in levels]


def _fixed_level(image: sitk.Image, mask: np.ndarray, level: dict, device: str) -> Level:
    grid = make_grid(image, level["resolution_mm"], device)
    inside = pool_mask(mask, grid)
    voxels = torch.nonzero(inside)
    # One voxel more on each side completes the windows at the border of the mask.
    box = tuple(
        slice(max(0, int(first) - 1), int(last) + 2)
        for first, last in zip(voxels.amin(0), voxels.amax(0), strict=True)
    )
    mesh = mesh_size(image, level["control_spacing_mm"])
    bases = []
    for axis, crop in zip((2, 1, 0), box, strict=True):
        position = (grid.full_index(axis)[crop] + 0.5) / image.GetSize()[axis] * mesh[axis]
        bases.append(
            torch.as_tensor(basis(position, mesh[axis]), dtype=torch.float32, device=device)
        )
    lattice = [
        (np.arange(n + ORDER) - 1) * size / n - 0.5
        for n, size in zip(mesh, image.GetSize(), strict=True)
    ]
    index = np.stack(np.meshgrid(*lattice[::-1], indexing="ij")[::-1], axis=-1)
    extent = np.multiply(image.GetSize(), image.GetSpacing())
    return Level(
        resolution_mm=level["resolution_mm"],
        iterations=level["iterations"],
        image=grid.voxels[box],
        mask=inside[box],
        bases=bases,
        mesh=mesh,
        control_points=index @ grid.to_world.T + grid.origin,
        bending=BendingEnergy(mesh, extent).to(grid.voxels),
    )


class Comparison:
    """Similarity of a moving image to one level, as a function of spline coefficients.

    Coefficients are displacements of control points in mm (LPS), (KD, KH, KW, 3). A cubic spline
    reproduces linear functions. The whole map from voxels of the fixed image to sampling
    coordinates in the moving image, with the geometry of both grids, is therefore one spline.
    """

    def __init__(self, level: Level, moving: Grid):
        matrix, offset = moving.normalised_from_world()
        like = level.image
        self.level = level
        self.moving = refined(moving.voxels)
        self.matrix = torch.as_tensor(matrix.T, dtype=like.dtype, device=like.device)
        self.start = torch.as_tensor(
            level.control_points @ matrix.T + offset, dtype=like.dtype, device=like.device
        )
        self.template = Template(level.image, level.mask)

    def coordinates(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Compute sampling coordinates (D, H, W, 3) in the moving image, -1 to 1 inside it."""
        return expand(self.start + coefficients @ self.matrix, self.level.bases)

    def covers(self, coefficients: torch.Tensor) -> bool:
        """Whether the moving image reaches any voxel of the mask."""
        return bool((self._inside(coefficients) & self.level.mask).any())

    def keep_inside(self, *coefficients: torch.Tensor) -> None:
        """Restrict the comparison to windows that every displacement leaves in the moving image."""
        inside = torch.stack([self._inside(moved) for moved in coefficients]).all(dim=0)
        complete = F.pad(window_mean(inside.float()) > 0.999, (1, 1, 1, 1, 1, 1))
        self.template = Template(self.level.image, self.level.mask & complete)

    def similarities(self, *coefficients: torch.Tensor) -> list[float]:
        """Compute the similarity under several displacements, on voxels that all of them reach."""
        self.keep_inside(*coefficients)
        return [float(self(moved)) for moved in coefficients]

    def coefficients_of(self, transform: sitk.Transform) -> torch.Tensor:
        """Express a linear transform, for example a rigid one, exactly by spline coefficients."""
        points = self.level.control_points.reshape(-1, 3)
        moved = [transform.TransformPoint(point) for point in points.tolist()]
        return torch.as_tensor(moved - points).to(self.start).reshape(self.start.shape)

    def _inside(self, coefficients: torch.Tensor) -> torch.Tensor:
        # The tolerance keeps the border of equal grids inside, whatever the rounding.
        return (self.coordinates(coefficients).abs() < 1.001).all(dim=-1)

    def __call__(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Compute the mean squared local correlation, 0 to 1."""
        warped = F.grid_sample(
            self.moving[None, None],
            self.coordinates(coefficients)[None],
            mode="bilinear",
            padding_mode="border",
            align_corners=True,
        )
        return squared_local_correlation(warped[0, 0], self.template)


def register_deformable(
    levels: list[Level], fixed: sitk.Image, moving: sitk.Image, search_mm: float, bending: float
) -> torch.Tensor:
    """Find the displacement under which a moving image is most similar to the fixed one.

    A translation is searched for on the coarsest level. Then each level maximises

        mean squared local correlation - bending * mean squared second derivative (mm^2 * 1/mm^2)

    by L-BFGS, starting from the spline of the level before (Rueckert et al., IEEE TMI 1999).

    Parameters
    ----------
    levels
        From `fixed_levels`.
    fixed, moving
        3D images, each on its own grid.
    search_mm
        Largest translation along each axis of the fixed image.
    bending
        Weight of the bending energy in mm^2.

    Returns
    -------
    Coefficients (KD, KH, KW, 3) in mm of the finest level: the point p of the fixed image lies at
    p + u(p) in the moving one.
    """
    device = str(levels[0].image.device)
    grids = {}
    coefficients = None
    for level in levels:
        if level.resolution_mm not in grids:
            grids[level.resolution_mm] = make_grid(moving, level.resolution_mm, device)
        comparison = Comparison(level, grids[level.resolution_mm])
        if coefficients is None:
            coefficients = search_translation(comparison, fixed, search_mm)
        else:
            coefficients = torch.as_tensor(
                refit(coefficients.cpu().numpy(), level.mesh), dtype=torch.float32, device=device
            )
        comparison.keep_inside(coefficients)
        coefficients = _maximise(comparison, coefficients, bending)
    return coefficients


@torch.no_grad()
def search_translation(comparison: Comparison, fixed: sitk.Image, search_mm: float) -> torch.Tensor:
    """Find the best translation by whole voxels of the level, as coefficients of a spline.

    Each axis of the fixed image is searched exhaustively in turn, the cranio-caudal axis first,
    until no axis improves the similarity.
    """
    level = comparison.level
    axes = np.reshape(fixed.GetDirection(), (3, 3))
    # Breathing moves organs most along the body, that is along the axis nearest to world z.
    order = np.argsort(-np.abs(axes[2]))
    steps = int(search_mm // level.resolution_mm)
    best, similarity = np.zeros(3), float(comparison(_shifted(level, np.zeros(3))))
    improved = True
    while improved:
        improved = False
        for axis in order:
            centre = best
            for step in range(-steps, steps + 1):
                shift = centre + axes[:, axis] * (
                    step * level.resolution_mm - centre @ axes[:, axis]
                )
                value = float(comparison(_shifted(level, shift)))
                if value > similarity:
                    best, similarity, improved = shift, value, True
    return _shifted(level, best)


def _shifted(level: Level, shift_mm: np.ndarray) -> torch.Tensor:
    like = level.image
    shift = torch.as_tensor(shift_mm, dtype=like.dtype, device=like.device)
    return shift.expand(level.control_points.shape).contiguous()


def _maximise(comparison: Comparison, start: torch.Tensor, bending: float) -> torch.Tensor:
    def cost(values: np.ndarray) -> tuple[float, np.ndarray]:
        coefficients = torch.from_numpy(values).to(start).view_as(start).requires_grad_()
        value = bending * comparison.level.bending(coefficients) - comparison(coefficients)
        (gradient,) = torch.autograd.grad(value, coefficients)
        return float(value.detach()), gradient.flatten().double().cpu().numpy()

    found = minimize(
        cost,
        start.flatten().double().cpu().numpy(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": comparison.level.iterations},
    )
    return torch.from_numpy(found.x).to(start).view_as(start)
