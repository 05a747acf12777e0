"""Preprocessing by MONAI's transforms, as bundles declare it: to the network's grid, and back.

Only the transforms that are listed here are made, and only from plain data.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from monai import transforms
from monai.data import MetaTensor
from torch import Tensor

from mrelevance.networks.building import first_line
from mrelevance.networks.deployment import Case, Outputs
from mrelevance.networks.imported.space import affine_of, grid_like, to_metatensor
from mrelevance.networks.imported.written import probabilities_of, written_values
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like

KEY = "image"
"""Key of the image in the dictionaries that transforms take."""

READERS = {
    "LoadImaged", "EnsureChannelFirstd", "AddChanneld", "AsChannelFirstd", "EnsureTyped",
    "ToTensord", "CastToTyped", "ConcatItemsd", "DeleteItemsd", "SelectItemsd", "Identityd",
}  # fmt: skip
"""They bring files into the form that images have here from the start."""

APPLIED = {
    "ClipIntensityPercentilesd", "CropForegroundd", "DivisiblePadd", "NormalizeIntensityd",
    "Orientationd", "ResizeWithPadOrCropd", "ScaleIntensityRangePercentilesd",
    "ScaleIntensityRanged", "ScaleIntensityd", "Spacingd", "SpatialPadd", "ThresholdIntensityd",
}  # fmt: skip

NOT_ARGUMENTS = {"_target_", "_desc_", "keys", "allow_missing_keys"}
FOREGROUND = ("source_key", "k_divisible", "margin", "allow_smaller", "mode")
"""Arguments of `CropForegroundd` that are plain data; its foreground is what is above 0."""


@dataclass(frozen=True)
class Transforms:
    """A chain of MONAI's transforms of the image."""

    chain: transforms.Compose


def short_name(target: str) -> str:
    """Name of a transform without its module, in the form for dictionaries: `Spacingd`."""
    name = target.rpartition(".")[2]
    for ending in ("Dict", "D"):
        if name.endswith(ending):
            return f"{name.removesuffix(ending)}d"
    return name


def read_transforms(declared: list, what: str) -> Transforms:
    """Make transforms from their declarations, mappings with `_target_` and plain arguments.

    `what` names the network in errors.

    Raises
    ------
    InputError
        A transform is not one of the known ones, or does not take its arguments.
    """
    made = []
    for number, one in enumerate(declared):
        target = one.get("_target_") if isinstance(one, dict) else None
        if not isinstance(target, str):
            raise InputError(
                f"{what}: preprocessing[{number}] has no _target_; give the name of a MONAI "
                "transform and its arguments"
            )
        name = short_name(target)
        if name in READERS:
            continue
        if name not in APPLIED or ("." in target and not target.startswith("monai.transforms.")):
            raise InputError(
                f"{what}: the transform {target} is not one that is known to be safe here "
                f"({', '.join(sorted(APPLIED))}); describe the preprocessing with these"
            )
        made.append(_made(name, one, f"{what}: {target}"))
    return Transforms(transforms.Compose(made))


def _made(name: str, declared: dict, what: str) -> transforms.Transform:
    arguments = {key: value for key, value in declared.items() if key not in NOT_ARGUMENTS}
    for key, value in arguments.items():
        if not _is_plain(value):
            raise InputError(f"{what}: {key} is {value!r}; give plain numbers and texts")
    if name == "CropForegroundd":
        arguments = {key: value for key, value in arguments.items() if key in FOREGROUND}
        arguments["source_key"] = KEY
    if name == "Orientationd":
        arguments.setdefault("labels", None)
    try:
        return getattr(transforms, name)(keys=KEY, **arguments)
    # Constructors of transforms raise errors of any kind for arguments that do not fit them.
    except Exception as error:
        raise InputError(
            f"{what}: does not take its arguments ({first_line(error)}); correct them"
        ) from error


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return not value.startswith(("$", "@", "%"))
    return value is None or isinstance(value, bool | int | float)


def spacing_of(chain: Transforms, axes: str = "RAS") -> tuple[float, float, float] | None:
    """Spacing (x, y, z) in mm that the transforms give the image; None if they keep its own.

    A transform that orients the image before tells which of its axes are x, y and z.
    """
    spacing = None
    for one in chain.chain.transforms:
        if isinstance(one, transforms.Orientationd):
            axes = one.ornt_transform.axcodes or axes
        if isinstance(one, transforms.Spacingd):
            pixdim = [float(length) for length in one.spacing_transform.pixdim]
            lengths = (pixdim * 3)[:3] if len(pixdim) == 1 else pixdim
            letters = {"R": 0, "L": 0, "A": 1, "P": 1, "I": 2, "S": 2}
            spacing = dict(zip((letters[axis] for axis in axes), lengths, strict=True))
    return None if spacing is None else tuple(spacing[axis] for axis in range(3))


def prepare_by_transforms(
    images: Mapping[str, sitk.Image], chain: Transforms, axes: str, what: str
) -> Case:
    """Preprocess a patient's images, which lie on one grid.

    With `axes` "zyx", the network sees the axes of the transformed image in reverse order.

    Raises
    ------
    InputError
        A transform fails on these images; `what` names the network.
    """
    original = next(iter(images.values()))
    image = to_metatensor(list(images.values()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transformed = chain.chain({KEY: image})[KEY]
    # Transforms raise errors of any kind for images that do not suit them.
    except Exception as error:
        raise InputError(
            f"{what}: its preprocessing fails on these images ({first_line(error)}); check them "
            "and the transforms"
        ) from error
    voxels = transformed.as_tensor().float()
    grid = grid_like(transformed)
    if axes == "zyx":
        voxels = voxels.permute(0, 3, 2, 1)
        grid = sitk.PermuteAxes(grid, [2, 1, 0])
    return Case(
        voxels.contiguous(), grid, original, np.ones(tuple(voxels.shape), bool), transformed
    )


def restore_by_transforms(
    case: Case, logits: Tensor, outputs: Outputs, chain: Transforms, axes: str
) -> sitk.Image:
    """Segmentation on the original grid: probabilities are transformed back, then decided."""
    probabilities = probabilities_of(logits, outputs)
    if axes == "zyx":
        probabilities = probabilities.permute(0, 3, 2, 1)
    back = transforms.Invertd(
        keys="pred", transform=chain.chain, orig_keys=KEY, nearest_interp=False, to_tensor=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        restored = back({KEY: case.state, "pred": MetaTensor(probabilities.contiguous())})["pred"]
    expected = affine_of(case.original)
    if restored.shape[1:] != case.original.GetSize() or not torch.allclose(
        restored.affine.double(), expected, atol=1e-3
    ):
        raise RuntimeError("the transforms did not lead back to the grid of the images")
    values = written_values(restored.as_tensor().numpy(), outputs)
    return image_like(values.transpose(2, 1, 0), case.original)
