"""Resampling images and logits to another grid, with the functions that nnU-Net's plans name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from skimage.transform import resize
from torch.nn.functional import interpolate

from mrelevance.runtime.errors import InputError

ANISOTROPIC = 3
"""Above this ratio of largest to smallest spacing, nnU-Net resamples slice by slice."""


@dataclass(frozen=True)
class Resampling:
    """A function that the plans name, and its arguments."""

    function: str
    arguments: dict


@dataclass(frozen=True)
class _Function:
    """How a function resamples, and what it takes with which defaults."""

    apply: Callable[..., np.ndarray]
    defaults: dict


def check_resampling(resampling: Resampling, where: str) -> None:
    """Check that a function and its arguments are known; `where` names their entry in the plans.

    Raises
    ------
    InputError
        The function is not one of nnU-Net's, or takes no such argument.
    """
    known = FUNCTIONS.get(resampling.function)
    if known is None:
        raise InputError(
            f"nnU-Net: {where} is {resampling.function}, which is not supported; only networks "
            f"with {', '.join(FUNCTIONS)} can be explained"
        )
    wrong = [key for key in resampling.arguments if key not in known.defaults]
    if wrong:
        raise InputError(
            f"nnU-Net: {where}_kwargs: {resampling.function} takes no {', '.join(wrong)}; use the "
            "plans.json of the training"
        )
    if resampling.arguments.get("is_seg"):
        raise InputError(
            f"nnU-Net: {where}_kwargs: is_seg is true, which is meant for labels; it must be false"
        )


def resample(
    array: np.ndarray,
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    new_spacing: tuple[float, float, float],
    resampling: Resampling,
) -> np.ndarray:
    """Resample (C, D, H, W) to (C, *shape), or to what the function makes of it; float32.

    `spacing` and `new_spacing`, in mm, decide only whether slices are resampled one by one; the
    grids cover the same volume.
    """
    known = FUNCTIONS[resampling.function]
    arguments = known.defaults | resampling.arguments
    axis = through_plane(
        spacing,
        new_spacing,
        arguments["force_separate_z"],
        arguments["separate_z_anisotropy_threshold"],
    )
    if array.shape[1:] == tuple(shape):
        return array
    return known.apply(array, tuple(shape), axis, arguments)


def through_plane(
    spacing: tuple[float, ...],
    new_spacing: tuple[float, ...],
    forced: bool | None = None,
    threshold: float = ANISOTROPIC,
) -> int | None:
    """Axis across which slices are resampled one by one, or None: all axes together.

    It is the axis of the largest spacing, if the old or the new spacing is anisotropic and only one
    axis has the largest spacing. `forced` decides in the place of the ratio.
    """
    if forced is None:
        ratios = [max(of) / min(of) for of in (spacing, new_spacing)]
        anisotropic = [
            of
            for of, ratio in zip((spacing, new_spacing), ratios, strict=True)
            if ratio > threshold
        ]
    else:
        anisotropic = [spacing] if forced else []
    if not anisotropic:
        return None
    axes = [axis for axis, length in enumerate(anisotropic[0]) if length == max(anisotropic[0])]
    return axes[0] if len(axes) == 1 else None


def _by_splines(
    array: np.ndarray, shape: tuple[int, ...], axis: int | None, arguments: dict
) -> np.ndarray:
    """Splines in float64, within the range of the image; order `order_z` across slices."""
    resampled = np.empty((len(array), *shape), array.dtype)
    for channel, result in zip(array.astype(float), resampled, strict=True):
        if axis is None:
            result[:] = _resized(channel, shape, arguments["order"])
        else:
            result[:] = _slice_by_slice(channel, shape, axis, arguments)
    return resampled


def _slice_by_slice(
    volume: np.ndarray, shape: tuple[int, ...], axis: int, arguments: dict
) -> np.ndarray:
    in_plane = [length for other, length in enumerate(shape) if other != axis]
    slices = [_resized(flat, in_plane, arguments["order"]) for flat in np.moveaxis(volume, axis, 0)]
    volume = np.stack(slices, axis)
    if volume.shape == shape:
        return volume
    scale = np.divide(volume.shape, shape).reshape(3, 1, 1, 1)
    places = scale * (np.indices(shape) + 0.5) - 0.5
    return map_coordinates(volume, places, order=arguments["order_z"], mode="nearest")


def _resized(array: np.ndarray, shape: tuple[int, ...], order: int) -> np.ndarray:
    return resize(array, shape, order, mode="edge", anti_aliasing=False)


def _by_torch(
    array: np.ndarray, shape: tuple[int, ...], axis: int | None, arguments: dict
) -> np.ndarray:
    """Linear interpolation in float32; across slices, that of `aniso_axis_mode`."""
    # A copy: the array may have negative strides.
    volume = torch.from_numpy(np.array(array))[None].float()
    if axis is None:
        return interpolate(volume, shape, mode="trilinear")[0].numpy()
    slices = volume[0].movedim(axis + 1, 1).flatten(0, 1)[None]
    in_plane = [length for other, length in enumerate(shape) if other != axis]
    slices = interpolate(slices, in_plane, mode=_mode(arguments["mode"], 2))
    volume = (
        slices[0].unflatten(0, (array.shape[0], array.shape[axis + 1])).movedim(1, axis + 1)[None]
    )
    return interpolate(volume, shape, mode=_mode(arguments["aniso_axis_mode"], 3))[0].numpy()


def _mode(name: str, axes: int) -> str:
    """Name of a way of interpolation for a number of axes."""
    return {2: "bilinear", 3: "trilinear"}[axes] if name == "linear" else name


def _not_at_all(
    array: np.ndarray, shape: tuple[int, ...], axis: int | None, arguments: dict
) -> np.ndarray:
    return array


_COMMON = {"force_separate_z": None, "separate_z_anisotropy_threshold": ANISOTROPIC}
FUNCTIONS = {
    "resample_data_or_seg_to_shape": _Function(
        _by_splines,
        {"is_seg": False, "order": 3, "order_z": 0} | _COMMON | {"force_separate_z": False},
    ),
    "resample_torch_fornnunet": _Function(
        _by_torch,
        {
            "is_seg": False,
            "num_threads": None,
            "memefficient_seg_resampling": False,
            "mode": "linear",
            "aniso_axis_mode": "nearest-exact",
        }
        | _COMMON,
    ),
    "no_resampling_hack": _Function(_not_at_all, _COMMON),
}
"""Functions that plans may name; arguments that do not change the result are accepted."""
