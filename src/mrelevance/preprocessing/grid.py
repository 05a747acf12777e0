"""The common grid of a patient's channels."""

import numpy as np
import SimpleITK as sitk


def respaced(image: sitk.Image, spacing_mm: list[float] | None) -> sitk.Image:
    """Make an empty image over the field of view of `image` with a spacing (x, y, z) in mm.

    The borders of the fields of view coincide up to half a voxel. None keeps the grid.
    """
    old = np.array(image.GetSpacing())
    new = old if spacing_mm is None else np.array(spacing_mm, dtype=float)
    size = np.maximum(1, np.round(np.multiply(image.GetSize(), old) / new)).astype(int)
    grid = sitk.Image(size.tolist(), sitk.sitkUInt8)
    grid.SetSpacing(new.tolist())
    grid.SetDirection(image.GetDirection())
    # The centre of the field of view stays in place.
    centre = image.TransformContinuousIndexToPhysicalPoint(
        ((np.array(image.GetSize()) - 1) / 2).tolist()
    )
    offset = np.reshape(image.GetDirection(), (3, 3)) @ (new * (size - 1) / 2)
    grid.SetOrigin((np.array(centre) - offset).tolist())
    return grid


def resample_image(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Resample linearly to a grid, after a blur along the axes that become coarser.

    The blur widens the voxel profile from the old to the new spacing. Beyond the field of view the
    nearest voxel is repeated.
    """
    old, new = np.array(image.GetSpacing()), np.array(grid.GetSpacing())
    variance = np.maximum(new**2 - old**2, 0) / (8 * np.log(2))
    if np.any(new > 1.01 * old):
        image = sitk.DiscreteGaussian(image, variance.tolist(), 32, 0.01, True)
    return sitk.Resample(
        image,
        grid,
        sitk.Transform(3, sitk.sitkIdentity),
        sitk.sitkLinear,
        0.0,
        sitk.sitkFloat32,
        useNearestNeighborExtrapolator=True,
    )


def resample_label(label: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Resample a label to a grid by nearest neighbour."""
    return sitk.Resample(
        label, grid, sitk.Transform(3, sitk.sitkIdentity), sitk.sitkNearestNeighbor, 0
    )
