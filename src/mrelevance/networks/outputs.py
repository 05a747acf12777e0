"""Networks with several outputs, as deep supervision has them: which is explained, and the loss.

Auxiliary outputs come in different forms: stacked along a second axis, the final output first
(MONAI's `DynUNet` while it trains); as a list from fine to coarse (`SegResNetDS`, nnU-Net); as a
list of one size that ends with the final output (`BasicUNetPlusPlus`). A dictionary is read like
the list of its values.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from monai.networks.nets.dynunet import DynUNet, DynUNetSkipLayer
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mrelevance.runtime.errors import InputError

LOGITS_AXES = 5
"""Axes of logits, (B, classes, D, H, W). A stack of several has one more, after the first."""


def outputs_of(given: Any) -> list[Tensor]:
    """Logits (B, classes, D, H, W) that a network gives, the final ones first, then finest first.

    Raises
    ------
    InputError
        There are none, or something else among them, such as a loss.
    """
    if isinstance(given, Tensor):
        stacked = given.ndim == LOGITS_AXES + 1
        outputs = list(given.unbind(dim=1)) if stacked else [given]
    else:
        values = given.values() if isinstance(given, Mapping) else given
        outputs = list(reversed(list(values))) if isinstance(given, list | tuple | Mapping) else []
    wrong = [output for output in outputs if getattr(output, "ndim", None) != LOGITS_AXES]
    if wrong or not outputs:
        raise InputError(
            f"network.name: the network gives {_in_words(given)}; it must give logits "
            "(B, classes, D, H, W), or several of them; choose another network"
        )
    # Stable: of several that are as fine, the last one given is the final one.
    return sorted(outputs, key=lambda logits: logits[0, 0].numel(), reverse=True)


def give_final_output(network: nn.Module) -> nn.Module:
    """Let a network in evaluation mode give its final logits alone; changes and returns it.

    While it trains, it gives all outputs as before.
    """

    def final(network: nn.Module, inputs: tuple, given: Any) -> Any:
        plain = isinstance(given, Tensor) and given.ndim == LOGITS_AXES
        return given if network.training or plain else outputs_of(given)[0]

    network.register_forward_hook(final)
    return network


def without_auxiliary_heads(network: nn.Module) -> nn.Module:
    """Let `DynUNet` compute no auxiliary outputs, which only training needs; changes it.

    It would keep them as attributes, with which a network that was trained or exported cannot be
    copied.
    """
    for module in network.modules():
        if isinstance(module, DynUNetSkipLayer):
            module.heads = None
        elif isinstance(module, DynUNet):
            module.heads = []
    return network


def supervised_loss(
    loss: Callable[..., Tensor],
    outputs: list[Tensor],
    labels: Tensor,
    counted: Tensor | None = None,
) -> Tensor:
    """Loss of all outputs: halved from each to the next, as in nnU-Net (Isensee et al. 2021).

    Parameters
    ----------
    loss
        Takes logits, labels and, where it is given, `counted`.
    outputs
        Logits (B, K, D, H, W), the final ones first.
    labels, counted
        (B, 1, D, H, W), see `segmentation_loss`; resampled to the nearest voxel for coarser
        outputs.
    """
    targets = [target for target in (labels, counted) if target is not None]
    losses = [
        loss(logits.float(), *(_resampled(target, logits) for target in targets))
        for logits in outputs
    ]
    return sum(value / 2**order for order, value in enumerate(losses))


def _resampled(target: Tensor, logits: Tensor) -> Tensor:
    if target.shape[2:] == logits.shape[2:]:
        return target
    size = logits.shape[2:]
    return interpolate(target.float(), size=size, mode="nearest-exact").to(target.dtype)


def _in_words(given: Any) -> str:
    """Kinds and shapes of what a network gives."""
    if isinstance(given, Tensor):
        return f"a tensor of shape {tuple(given.shape)}"
    if isinstance(given, Mapping):
        return f"a dictionary ({', '.join(f'{key}: {_in_words(of)}' for key, of in given.items())})"
    if isinstance(given, list | tuple):
        return f"a {type(given).__name__} ({', '.join(map(_in_words, given))})"
    return f"a {type(given).__name__}"


def check_outputs(given: Any, classes: int, size: torch.Size, key: str) -> None:
    """Check the outputs of a network for images of `size` (D, H, W), configured as `key`.

    Raises
    ------
    InputError
        The final output has another size than the image, or an output another number of classes.
    """
    outputs = outputs_of(given)
    if outputs[0].shape[2:] != size:
        raise InputError(
            f"network.name: of an image of {_voxels(size)} ({key}) the network gives logits of "
            f"{_voxels(outputs[0].shape[2:])}; choose a network whose output is as large as its "
            "input"
        )
    channels = {logits.shape[1] for logits in outputs}
    if channels != {classes}:
        raise InputError(
            f"network.name: the network gives {max(channels)} output channels instead of "
            f"{classes}, one per class; choose another network"
        )


def _voxels(size: torch.Size) -> str:
    return f"{' x '.join(str(length) for length in reversed(size))} voxels"
