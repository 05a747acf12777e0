"""Which images a network takes, in 2D or 3D, and checks of what is given."""

from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from mrelevance.runtime.errors import InputError


def checked_tensor(given: Any, what: str) -> Tensor:
    """A tensor, as it was given.

    Raises
    ------
    InputError
        It is something else, such as a list or a NumPy array.
    """
    if torch.is_tensor(given):
        return given
    remedy = {"list": "torch.tensor(...)", "ndarray": "torch.from_numpy(...)"}
    name = type(given).__name__
    raise InputError(
        f"the {what} is a {name}, not a tensor; give {remedy.get(name, 'a torch.Tensor')}"
    )


def checked_region(given: Any, logit: Tensor) -> Tensor:
    """A region on the grid and the device of the logits (D, H, W).

    Raises
    ------
    InputError
        It is no tensor of that shape, or not bool.
    """
    region = checked_tensor(given, "region")
    if region.shape != logit.shape or region.dtype != torch.bool:
        raise InputError(
            f"the region is {region.dtype} of shape {tuple(region.shape)}; it must be bool "
            f"of shape {tuple(logit.shape)}"
        )
    return region.to(logit.device)


def of_same_shape(baseline: Tensor, image: Tensor) -> Tensor:
    """The baseline, if it has the shape of the image.

    Raises
    ------
    InputError
        It has not.
    """
    if baseline.shape != image.shape:
        raise InputError(
            f"the baseline has shape {tuple(baseline.shape)}, the image {tuple(image.shape)}; give "
            "a baseline of the image's shape"
        )
    return baseline


def checked_weights(given: Any, image: Tensor) -> Tensor:
    """Weights (C, D, H, W), or several (K, C, D, H, W), of the voxels of an image (1, C, ...).

    Raises
    ------
    InputError
        They are no tensor of that shape.
    """
    weights, size = checked_tensor(given, "weights"), tuple(image.shape[1:])
    if weights.ndim - len(size) not in (0, 1) or tuple(weights.shape[-len(size) :]) != size:
        raise InputError(
            f"the weights have shape {tuple(weights.shape)}, the image {size}; give one weight "
            "per voxel of the image"
        )
    return weights


def type_and_device(network: nn.Module, example: Tensor) -> tuple[torch.dtype, torch.device]:
    """Floating type and device of a network: of its weights, else of its buffers or the example.

    Raises
    ------
    InputError
        The network is no module.
    """
    if not isinstance(network, nn.Module):
        raise InputError(f"the network is a {type(network).__name__}; give a torch.nn.Module")
    for tensor in (*network.parameters(), *network.buffers(), example):
        if tensor.is_floating_point():
            return tensor.dtype, tensor.device
    return torch.get_default_dtype(), example.device


def shared_type_and_device(
    networks: list[nn.Module], example: Tensor
) -> tuple[torch.dtype, torch.device]:
    """The widest floating type of several networks, and their device; see `type_and_device`.

    Raises
    ------
    InputError
        They are on different devices.
    """
    found = [type_and_device(network, example) for network in networks]
    devices = {device for _, device in found}
    if len(devices) > 1:
        raise InputError(
            f"the networks of the ensemble are on {' and '.join(map(str, devices))}; move them to "
            "one device"
        )
    return reduce(torch.promote_types, (dtype for dtype, _ in found)), devices.pop()


def spatial_axes(network: nn.Module, image: Tensor) -> int:
    """Number of axes in space, 2 or 3, of the images that a network takes.

    An image of four axes is (1, C, H, W) if the first one is 1 and the network convolves in 2D;
    otherwise it is (C, D, H, W).

    Raises
    ------
    InputError
        The image has a number of axes that the network does not take.
    """
    kernels = {parameter.ndim - 2 for parameter in network.parameters()}
    in_plane = 2 in kernels and 3 not in kernels
    if image.ndim == 5 or (image.ndim == 4 and not (in_plane and len(image) == 1)):
        return 3
    if image.ndim == 4 or (image.ndim == 3 and in_plane):
        return 2
    raise InputError(
        f"the image has shape {tuple(image.shape)}; give one image (C, D, H, W), or (C, H, W) for "
        "a network in 2D"
    )


def prepared_image(image: Tensor, axes: int, sequences: int) -> Tensor:
    """Image (1, C, D, H, W), or (1, C, H, W) if `axes` is 2; the first axis may be missing.

    Raises
    ------
    InputError
        The image has another shape or number of sequences, or voxels that are not finite.
    """
    if image.ndim == axes + 1:
        image = image[None]
    if image.ndim != axes + 2 or image.shape[0] != 1:
        shape = "(C, D, H, W)" if axes == 3 else "(C, H, W)"
        raise InputError(f"the image has shape {tuple(image.shape)}; give one image {shape}")
    if image.shape[1] != sequences:
        raise InputError(
            f"the image has {image.shape[1]} sequences, the example image had {sequences}; give "
            "the sequences that the network takes"
        )
    if not torch.isfinite(image).all():
        raise InputError("the image has NaN or infinite voxels; repair it first")
    return image
