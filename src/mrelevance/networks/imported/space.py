"""The axes of images: SimpleITK's, and those of MONAI, whose first axis in space is x.

MONAI's affine matrices are those of nibabel: millimetres, right-anterior-superior (RAS).
"""

import numpy as np
import SimpleITK as sitk
import torch
from monai.data import MetaTensor

from mrelevance.runtime.grids import grid_of
from mrelevance.runtime.images import to_array

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def to_metatensor(images: list[sitk.Image]) -> MetaTensor:
    """Images on one grid as channels (C, X, Y, Z), float32, with the affine matrix of the grid."""
    channels = [to_array(image).astype(np.float32).transpose(2, 1, 0) for image in images]
    return MetaTensor(torch.from_numpy(np.stack(channels)), affine=affine_of(images[0]))


def affine_of(image: sitk.Image) -> torch.Tensor:
    """Affine matrix (4, 4), RAS, float64, from indices (x, y, z) of a 3D image."""
    grid = grid_of(image)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(grid.direction, (3, 3)) * grid.spacing
    affine[:3, 3] = grid.origin
    return torch.from_numpy(LPS_TO_RAS @ affine)


def grid_like(array: MetaTensor) -> sitk.Image:
    """Empty 3D image whose array has the axes of `array` (C, X, Y, Z), and its geometry.

    The first axis in space of `array` is the last one of the image, as SimpleITK counts them.
    """
    affine = LPS_TO_RAS @ array.affine.double().numpy()
    steps = affine[:3, :3][:, ::-1]
    spacing = np.linalg.norm(steps, axis=0)
    image = sitk.Image(list(array.shape[:0:-1]), sitk.sitkUInt8)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image
