"""Attribution as Captum calls it: batches of inputs, baselines and targets in, relevance out.

Explains what scripts written for Captum explain: an output of a classifier, or one voxel of a
segmentation network, and besides the sum of a class over a region.
"""

from collections.abc import Callable
from typing import Any, Literal, overload

import torch
from torch import Tensor, nn

from mrelevance.lrp.composites import FROM_BASELINE, Composite
from mrelevance.lrp.engine.graph import Target
from mrelevance.lrp.engine.images import checked_region, checked_tensor
from mrelevance.lrp.explainer import Explainer
from mrelevance.lrp.explanation import Explanation
from mrelevance.runtime.errors import InputError

Baselines = Tensor | float | Callable[[Tensor], Tensor]
Targets = Tensor | list[Any] | Target | tuple[int, ...]

OF_NETWORK = ("windows", "dtype", "progress")
"""Options of an explainer that hold for all of its composites."""


class _OnGrid(nn.Module):
    """A classifier, its scores (1, K) as logits of a single voxel."""

    def __init__(self, network: nn.Module, axes: int):
        super().__init__()
        self.network, self.axes = network, axes

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image).unflatten(1, (-1, *[1] * self.axes))


@overload
def attribute(
    network: nn.Module, inputs: Tensor, baselines: Baselines | None, target: Targets, *,
    composite: str | Composite = ..., region: Tensor | None = ...,
    return_convergence_delta: Literal[False] = ..., **options: Any,
) -> Tensor: ...  # fmt: skip


@overload
def attribute(
    network: nn.Module, inputs: Tensor, baselines: Baselines | None, target: Targets, *,
    composite: str | Composite = ..., region: Tensor | None = ...,
    return_convergence_delta: Literal[True], **options: Any,
) -> tuple[Tensor, Tensor]: ...  # fmt: skip


def attribute(
    network: nn.Module,
    inputs: Tensor,
    baselines: Baselines | None,
    target: Targets,
    *,
    composite: str | Composite = "deepshap",
    region: Tensor | None = None,
    return_convergence_delta: bool = False,
    **options: Any,
) -> Tensor | tuple[Tensor, Tensor]:
    """Relevance of every voxel of a batch of images, as `captum.attr` methods return it.

    With a baseline, the relevance of an image adds up to `F(x) - F(x0)`, the change of the
    explained output. `composite="deeplift"` gives what `captum.attr.DeepLift` does on networks
    whose layers both know, and explains all others as well.

    Parameters
    ----------
    network
        In evaluation mode; from images (N, C, D, H, W) or (N, C, H, W) to scores (N, K), or to
        logits with the axes of the images.
    inputs
        A batch of images.
    baselines
        Images of the shape of `inputs`, or one for all; a number for all voxels; a function from
        an image (1, C, ...) to its baseline; None for composites that take no baseline.
    target
        A class; a pair `(positive, negative)` for a margin; `(class, d, h, w)` for the logit of one
        voxel, as in Captum; or a list, or a tensor of classes, with one target for each image.
    composite
        See `mrelevance.lrp.Explainer`.
    region
        Of a segmentation network: the voxels whose logits are added up, bool (D, H, W), or
        (N, D, H, W) with one region for each image.
    return_convergence_delta
        Also return what relevance adds up to, less `F(x) - F(x0)`, (N,).
    options
        Parameters of the composite, and `input_rule`, `statistics`, `windows`, `dtype` of
        `Explainer`.

    Returns
    -------
    torch.Tensor
        Relevance, of the shape and type of `inputs`; with the deltas if they are asked for.

    Raises
    ------
    InputError
        Inputs, baselines, targets and regions do not suit each other or the network, or it is not
        said which voxels of a segmentation are explained.

    Examples
    --------
    >>> relevance = attribute(network, images, 0.0, target=1, region=tumours)
    """
    inputs = checked_tensor(inputs, "batch of inputs")
    if not inputs.is_floating_point() or inputs.ndim not in (4, 5) or len(inputs) == 0:
        raise InputError(
            f"the inputs are {inputs.dtype} of shape {tuple(inputs.shape)}; give a batch of "
            "floating images, (N, C, D, H, W) or (N, C, H, W)"
        )
    axes = inputs.ndim - 2
    if composite in FROM_BASELINE and baselines is None:
        raise InputError(
            f"composite {composite!r} needs baselines: images of the shape of the inputs, a "
            "function from image to baseline, or a number such as 0.0"
        )
    targets, regions = _one_each(target, len(inputs)), _regions(region, len(inputs), axes)
    network = _on_grid(network, inputs[:1], axes)
    of_method = {name: value for name, value in options.items() if name not in OF_NETWORK}
    maps, deltas = [], []
    for number, (image, of_image) in enumerate(zip(inputs, targets, strict=True)):
        baseline = _baseline(baselines, inputs, number)
        if number == 0:
            explainer = Explainer(network, image[None], composite, baseline=baseline, **options)
        else:
            explainer = explainer.with_composite(composite, baseline=baseline, **of_method)
        classes, voxel = _split(of_image, axes)
        explanation = explainer.explain(image[None], classes)
        multiplier = _multiplier(explanation, voxel, regions[number])
        relevance = explanation.weighted_map(multiplier)
        maps.append(relevance.to(inputs))
        deltas.append(relevance.sum() - (explanation.change * multiplier).sum())
    if return_convergence_delta:
        return torch.stack(maps), torch.stack(deltas).to(inputs)
    return torch.stack(maps)


def _on_grid(network: nn.Module, image: Tensor, axes: int) -> nn.Module:
    """The network, if its output has the axes of the image; else with axes of one voxel."""
    if not isinstance(network, nn.Module):
        raise InputError(f"the network is a {type(network).__name__}; give a torch.nn.Module")
    like = next(network.parameters(), image)
    with torch.no_grad():
        output = network(image.to(like))
    if not torch.is_tensor(output) or output.ndim not in (2, axes + 2):
        shape = tuple(output.shape) if torch.is_tensor(output) else type(output).__name__
        raise InputError(
            f"the network gives {shape}; wrap it so that it gives scores (N, classes), or logits "
            "with the axes of the images"
        )
    return _OnGrid(network, axes).eval() if output.ndim == 2 else network


def _one_each(target: Targets, images: int) -> list[Any]:
    """The target of each image."""
    if torch.is_tensor(target):
        target = target.tolist()
    if not isinstance(target, list):
        return [target] * images
    if len(target) != images:
        raise InputError(f"there are {len(target)} targets for {images} images; give one for each")
    return target


def _split(target: Any, axes: int) -> tuple[Target, tuple[int, ...] | None]:
    """A target's class or margin, and its voxel, if it names one."""
    if isinstance(target, tuple) and len(target) == axes + 1:
        return target[0], target[1:]
    return target, None


def _baseline(baselines: Baselines | None, inputs: Tensor, number: int) -> Any:
    """Baseline of one image of the batch, (1, C, ...) or a function; None without one."""
    if baselines is None or callable(baselines):
        return baselines
    if not torch.is_tensor(baselines):
        return torch.full_like(inputs[number : number + 1], float(baselines))
    if baselines.shape[1:] != inputs.shape[1:] or len(baselines) not in (1, len(inputs)):
        raise InputError(
            f"the baselines have shape {tuple(baselines.shape)}, the inputs {tuple(inputs.shape)}; "
            "give one baseline for each image, or one for all"
        )
    place = number if len(baselines) > 1 else 0
    return baselines[place : place + 1]


def _regions(region: Tensor | None, images: int, axes: int) -> list[Tensor | None]:
    """The region of each image; None without one."""
    if region is None:
        return [None] * images
    region = checked_tensor(region, "region")
    if region.ndim == axes:
        return [region] * images
    if region.ndim != axes + 1 or len(region) != images:
        raise InputError(
            f"the region has shape {tuple(region.shape)}; give the axes of the images in space, or "
            f"one such region for each of {images} images"
        )
    return list(region)


def _multiplier(
    explanation: Explanation, voxel: tuple[int, ...] | None, region: Tensor | None
) -> Tensor:
    """Weights (D, H, W) with which the logits of the output are added up."""
    logit = explanation.logit
    if voxel is not None and region is not None:
        raise InputError("give either a region or a target with a voxel")
    if region is not None:
        return checked_region(region, logit).to(logit)
    weights = torch.zeros_like(logit)
    if voxel is not None:
        if not all(0 <= place < length for place, length in zip(voxel, logit.shape, strict=True)):
            raise InputError(
                f"voxel {voxel} lies outside the output of {tuple(logit.shape)} voxels"
            )
        weights[voxel] = 1
    elif logit.numel() == 1:
        weights.fill_(1)
    else:
        raise InputError(
            f"the network gives logits of {tuple(logit.shape)} voxels; say which are explained: "
            "region=, or a target (class, d, h, w)"
        )
    return weights
