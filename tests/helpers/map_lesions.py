"""A lesion and a small trained-looking U-Net for the tests of maps."""

import numpy as np
import SimpleITK as sitk
import torch
from torch import nn

from mrelevance.attribution.lesion_crop import LesionCrop

SEQUENCES = 3
SIZE = (8, 8, 16)


class SmallUNet(nn.Module):
    """Two resolutions, a skip connection, leaky and plain rectifiers."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv3d(SEQUENCES, 6, 3, padding=1)
        self.norm = nn.BatchNorm3d(6)
        self.leaky = nn.LeakyReLU(0.1, inplace=True)
        self.down = nn.Conv3d(6, 8, 3, stride=2, padding=1)
        self.plain = nn.ReLU()
        self.up = nn.ConvTranspose3d(8, 6, 2, stride=2)
        self.last = nn.Conv3d(12, 2, 1)

    def forward(self, image):
        skip = self.leaky(self.norm(self.first(image)))
        below = self.up(self.plain(self.down(skip)))
        return self.last(torch.cat([skip, below], 1))


def small_unet(seed: int = 0) -> SmallUNet:
    """The network with weights drawn from a seed, in evaluation mode."""
    torch.manual_seed(seed)
    return SmallUNet().eval().requires_grad_(False)


def lesion_crop(seed: int = 1, size: tuple[int, int, int] = SIZE) -> LesionCrop:
    """A random image with a lesion of 4 x 4 x 4 voxels, and a baseline without it."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(SEQUENCES, *size, generator=generator)
    region = torch.zeros(size, dtype=torch.bool)
    region[2:6, 2:6, 6:10] = True
    baseline = torch.where(region, 0, image)
    grid = sitk.GetImageFromArray(np.zeros(size, np.float32))
    return LesionCrop("P1", 2, image, baseline, region, grid)


class NormalisedWhereCoarsest(nn.Sequential):
    """A network whose coarsest resolution has no convolution, for Seg-Grad-CAM to explain."""

    def __init__(self, spatial_dims: int, in_channels: int, out_channels: int):
        super().__init__(
            *(nn.Conv3d(in_channels, 4, 3, padding=1), nn.LeakyReLU(), nn.AvgPool3d(2)),
            *(nn.BatchNorm3d(4), nn.Upsample(scale_factor=2), nn.Conv3d(4, out_channels, 1)),
        )
