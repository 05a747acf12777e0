"""Preprocessing: from images to what the network sees, in the order of nnU-Net.

Turn, transpose, crop, normalise, resample. The array's grid in space follows each step.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from scipy.ndimage import binary_fill_holes

from mrelevance.networks.deployment import Case
from mrelevance.networks.nnunet.normalisation import normalise
from mrelevance.networks.nnunet.plans import Plans
from mrelevance.networks.nnunet.resampling import resample
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import Grid, grid_of, put_on
from mrelevance.runtime.images import check_same_geometry, to_array

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Steps:
    """What was done to a patient's images, to undo it; axes are those of the transposed array.

    Attributes
    ----------
    turned
        Grid of the images after they were turned to the orientation of the plans.
    shape
        Of the array before it was cropped.
    box
        What was cut out of it.
    spacing
        In mm, before resampling.
    new_spacing
        In mm, to which nnU-Net resampled. As sizes are rounded, the spacing of `Case.grid` differs
        from it a little.
    """

    turned: Grid
    shape: tuple[int, int, int]
    box: Box
    spacing: tuple[float, float, float]
    new_spacing: tuple[float, float, float]

    @property
    def cropped(self) -> tuple[int, int, int]:
        """Shape of the array after it was cropped, before it was resampled."""
        return tuple(side.stop - side.start for side in self.box)


def prepare(images: Mapping[str, sitk.Image], channels: tuple[str, ...], plans: Plans) -> Case:
    """Preprocess the images of one patient as nnU-Net does.

    Parameters
    ----------
    images
        3D image of every channel, by its name; all on one grid.
    channels
        Names of the network's channels, in order.
    plans
        Of the configuration that was trained.

    Raises
    ------
    InputError
        A channel is missing or no 3D image of numbers, the images lie on different grids, all
        voxels are zero, intensities do not fit the normalisation, or the image is too thin for the
        network's spacing.
    """
    given = [_channel(images, name) for name in channels]
    for name, image in zip(channels[1:], given[1:], strict=True):
        check_same_geometry(image, given[0], f"channel {name}")
    turned = [_turned(image, plans.orientation) for image in given]
    array = np.stack([to_array(image).astype(np.float32) for image in turned])
    array = array.transpose(0, *(axis + 1 for axis in plans.forward))
    spacing = tuple(turned[0].GetSpacing()[::-1][axis] for axis in plans.forward)
    region = binary_fill_holes((array != 0).any(axis=0))
    box = _bounding_box(region)
    steps = Steps(grid_of(turned[0]), array.shape[1:], box, spacing, _target(plans, spacing))
    array, region = array[:, *box], region[box]
    for number, (name, channel) in enumerate(zip(channels, array, strict=True)):
        inside = region if plans.masked[number] else None
        scheme, known = plans.schemes[number], plans.intensities[number]
        normalise(channel, scheme, inside, known, f"channel {name}")
    array = resample(array, _new_shape(steps), spacing, steps.new_spacing, plans.of_images)
    return Case(
        image=torch.from_numpy(np.ascontiguousarray(array)),
        grid=_empty(case_grid(steps, plans.forward, array.shape[1:])),
        original=_empty(grid_of(given[0])),
        covered=np.ones(array.shape, bool),
        state=steps,
    )


def case_grid(steps: Steps, forward: tuple[int, int, int], shape: tuple[int, int, int]) -> Grid:
    """Grid in space of the array that the network sees, with `shape` (D, H, W) voxels.

    Resampling keeps the edges of the cropped volume, so voxel `i` of the array lies at
    `(i + 1/2) scale - 1/2` of the cropped one.
    """
    scale = np.divide(steps.cropped, shape)
    first = [side.start for side in steps.box] + scale / 2 - 0.5
    # From axes of the array to those of the image (x, y, z): axis `forward[k]` of (z, y, x).
    axes = [2 - axis for axis in forward]
    origin_voxel = np.empty(3)
    origin_voxel[axes] = first
    direction = np.reshape(steps.turned.direction, (3, 3))[:, axes[::-1]]
    spacing = scale * steps.spacing
    return Grid(
        size=tuple(map(int, shape[::-1])),
        spacing=tuple(map(float, spacing[::-1])),
        origin=tuple(map(float, steps.turned.points(origin_voxel[None])[0])),
        direction=tuple(direction.ravel().tolist()),
    )


def label_to_case(label: sitk.Image, case: Case) -> sitk.Image:
    """A label on the grid of `case.original`, on the grid of the case by nearest neighbour.

    Raises
    ------
    InputError
        The label lies on another grid.
    """
    check_same_geometry(label, case.original, "label")
    nearest = sitk.sitkNearestNeighbor
    return sitk.Resample(label, case.grid, sitk.Transform(), nearest, 0, label.GetPixelID())


def _channel(images: Mapping[str, sitk.Image], name: str) -> sitk.Image:
    if name not in images:
        raise InputError(
            f"channel {name} has no image, only {', '.join(images)}; give one for each channel of "
            "the network"
        )
    image = images[name]
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"channel {name}: a 3D image with one number per voxel is due, and this one has "
            f"{image.GetDimension()} axes and {image.GetNumberOfComponentsPerPixel()} numbers per "
            "voxel; give each channel as an image of its own"
        )
    return image


def _turned(image: sitk.Image, orientation: str | None) -> sitk.Image:
    return image if orientation is None else sitk.DICOMOrient(image, orientation)


def _bounding_box(region: np.ndarray) -> Box:
    if not region.any():
        raise InputError("every voxel of every channel is 0; give images that are not empty")
    sides = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        places = np.flatnonzero(region.any(axis=others))
        sides.append(slice(int(places[0]), int(places[-1]) + 1))
    return tuple(sides)


def _target(plans: Plans, spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    """Spacing to resample to; configurations in 2D leave that between slices."""
    return (*spacing[: 3 - len(plans.spacing)], *plans.spacing)


def _new_shape(steps: Steps) -> tuple[int, int, int]:
    shape = tuple(
        round(before / after * length)
        for before, after, length in zip(
            steps.spacing, steps.new_spacing, steps.cropped, strict=True
        )
    )
    if min(shape) < 1:
        raise InputError(
            f"the image has {steps.cropped} voxels of {steps.spacing} mm where it is not 0, and "
            f"the network takes {steps.new_spacing} mm, which leaves {shape}; check the spacing in "
            "the header"
        )
    return shape


def _empty(grid: Grid) -> sitk.Image:
    """A grid as an image without content."""
    image = sitk.Image(grid.size, sitk.sitkUInt8)
    put_on(grid, image)
    return image
