"""Images as tensors at a coarser resolution, with world coordinates of their voxels."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
import torch.nn.functional as F

from mrelevance.runtime.images import to_array

FEWEST_VOXELS = 4  # along an axis, at any resolution


@dataclass(frozen=True)
class Grid:
    """An image averaged over blocks of whole voxels.

    Attributes
    ----------
    voxels
        (D, H, W) float32, mean 0, standard deviation 1.
    factors
        Voxels per block along x, y, z.
    to_world, origin
        World coordinates (LPS, mm) of the full image are `to_world @ index + origin`, index
        in (x, y, z).
    """

    voxels: torch.Tensor
    factors: np.ndarray
    to_world: np.ndarray
    origin: np.ndarray

    def full_index(self, axis: int) -> np.ndarray:
        """Return the block centres along x, y or z (0, 1, 2) in voxels of the full image."""
        count = self.voxels.shape[2 - axis]
        return np.arange(count) * self.factors[axis] + (self.factors[axis] - 1) / 2

    def normalised_from_world(self) -> tuple[np.ndarray, np.ndarray]:
        """Return matrix and offset from world to `grid_sample` coordinates, -1 to 1 (x, y, z)."""
        last = np.array(self.voxels.shape[::-1]) - 1
        scale = 2 / (self.factors * last)
        from_world = np.linalg.inv(self.to_world)
        offset = -from_world @ self.origin - (self.factors - 1) / 2
        return scale[:, None] * from_world, scale * offset - 1


def make_grid(image: sitk.Image, resolution_mm: float, device: str) -> Grid:
    """Average an image to about `resolution_mm`; an axis that is coarser stays as it is."""
    size, spacing = np.array(image.GetSize()), np.array(image.GetSpacing())
    factors = np.clip(np.round(resolution_mm / spacing), 1, size // FEWEST_VOXELS).astype(int)
    factors = np.maximum(factors, 1)
    voxels = torch.as_tensor(to_array(image).astype(np.float32), device=device)
    pooled = F.avg_pool3d(voxels[None, None], tuple(factors[::-1].tolist()))[0, 0]
    to_world = np.reshape(image.GetDirection(), (3, 3)) * spacing
    return Grid(
        (pooled - pooled.mean()) / pooled.std(), factors, to_world, np.array(image.GetOrigin())
    )


def pool_mask(mask: np.ndarray, grid: Grid) -> torch.Tensor:
    """Bring a boolean mask (D, H, W) of the full image to the blocks of a grid.

    A block is inside if at least half of it is. A mask that fills no block by half is kept where
    it fills most of a block, so that it never vanishes.
    """
    pooled = F.avg_pool3d(
        torch.as_tensor(mask, dtype=torch.float32)[None, None], tuple(grid.factors[::-1].tolist())
    )
    return (pooled[0, 0] >= pooled.max().clamp(max=0.5)).to(grid.voxels.device)
