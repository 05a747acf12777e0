"""The signed relevance map of one lesion, by any method."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import torch
from captum.attr import Deconvolution, GuidedBackprop, LayerAttribution, LayerGradCam
from torch import Tensor, nn

from mrelevance.attribution.composites import under_composite
from mrelevance.attribution.gradients import GRADIENT_METHODS, RegionOutput
from mrelevance.attribution.layers import executed_layers
from mrelevance.attribution.lesion_crop import LesionCrop, RegionMargin
from mrelevance.attribution.rectifiers import with_plain_rectifiers
from mrelevance.attribution.target import Target
from mrelevance.lrp import Ensemble, Explainer, Explanation
from mrelevance.networks.inference import MeanNetwork
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.method_names import parse
from mrelevance.runtime.methods import COMPOSITES


class MappedNetwork:
    """A network whose maps are computed, exported once for all composites.

    Parameters
    ----------
    network
        Maps images (B, C, D, H, W) to logits; in evaluation mode. Of an ensemble, a crop is
        explained by the mean of its members on the crop, see `MeanNetwork`. It must not change
        afterwards, and its parameters take no gradient from now on.
    target
        The explained output.
    statistics
        Of normalisation layers where there is a baseline, `live` or `frozen`.
    """

    def __init__(self, network: nn.Module, target: Target, statistics: str):
        self.network = network.requires_grad_(False)
        self.target = target
        self.statistics = statistics
        self._exported: Explainer | None = None

    def exported(self, image: Tensor) -> Explainer:
        """Explainer of the network, of any composite, for images like this one (C, D, H, W)."""
        if self._exported is None:
            network = self.network
            mean = isinstance(network, MeanNetwork)
            self._exported = Explainer(Ensemble(network.members) if mean else network, image)
        return self._exported


@dataclass(frozen=True)
class MapTask:
    """A method's identifier, the lesion to be mapped by it, and the seed of random maps."""

    method: str
    mapped: MappedNetwork
    crop: LesionCrop
    seed: int

    @cached_property
    def region(self) -> RegionOutput:
        """Mean explained output of the lesion as a function of the image."""
        crop = self.crop
        margin = RegionMargin(self.mapped.network, crop.region, self.mapped.target)
        return RegionOutput(margin, crop.image, crop.baseline)


def attribution_map(method: str, mapped: MappedNetwork, crop: LesionCrop, seed: int) -> Tensor:
    """Map (C, D, H, W) of the mean explained output of a lesion.

    `method` is the identifier of a method, such as `gradient` or `epsilon-0.25`; the functions in
    `MAPS` say what each computes. `seed` is that of random maps.

    Raises
    ------
    InputError
        There is no such method, or it does not apply to the network.
    """
    name, _ = parse(method)
    if name not in MAPS:
        raise InputError(f"method {name} gives no map; choose from {', '.join(MAPS)}")
    return MAPS[name](MapTask(method, mapped, crop, seed))


def explain_crop(
    method: str, mapped: MappedNetwork, crop: LesionCrop, keep_values: bool = False
) -> Explanation:
    """Explanation of a crop under a composite, with the crop's baseline where it needs one."""
    explainer = under_composite(
        mapped.exported(crop.image), method, crop.baseline, mapped.statistics
    )
    return explainer.explain(crop.image, mapped.target.classes, keep_values)


@torch.no_grad()
def _of_composite(task: MapTask) -> Tensor:
    """The map sums to the mean output, or change of it, but for what the rule loses."""
    explanation = explain_crop(task.method, task.mapped, task.crop)
    return explanation.weighted_map(task.crop.region / task.crop.region.sum())


def _of_gradient(compute: Callable[..., Tensor], task: MapTask) -> Tensor:
    _, parameters = parse(task.method)
    return compute(task.region, **parameters)


def _mean_over_members(compute: Callable[[MapTask], Tensor], task: MapTask) -> Tensor:
    """Mean of the maps of an ensemble's members, for methods that change a network or look inside.

    A mirrored member is mapped on the mirrored crop, and its map is mirrored back.
    """
    mapped, crop = task.mapped, task.crop
    if not isinstance(mapped.network, MeanNetwork):
        return compute(task)
    maps = []
    for member in mapped.network.members:
        axes = [axis - 3 for axis in member.mirrored]
        flipped = replace(
            crop,
            image=crop.image.flip(axes),
            baseline=crop.baseline.flip(axes),
            region=crop.region.flip(axes),
        )
        of_member = MappedNetwork(member.network, mapped.target, mapped.statistics)
        maps.append(compute(replace(task, mapped=of_member, crop=flipped)).flip(axes))
    return torch.stack(maps).mean(0)


def _seg_grad_cam_coarsest(task: MapTask) -> Tensor:
    """Seg-Grad-CAM (Vinogradova et al. 2020) at the last convolution of the coarsest resolution.

    It is interpolated to the crop. It cannot tell the sequences apart; each gets the same.
    """
    image = task.crop.image
    layers = executed_layers(task.mapped.network, image)
    coarsest = min(layer.voxels for layer in layers)
    convolutions = [
        layer.module
        for layer in layers
        if layer.voxels == coarsest and isinstance(layer.module, nn.Conv3d | nn.ConvTranspose3d)
    ]
    if not convolutions:
        raise InputError("seg_grad_cam_coarsest: no convolution where the network is coarsest")
    cam = LayerGradCam(task.region.output, convolutions[-1]).attribute(
        task.region.leaf(), relu_attributions=True
    )
    size = tuple(image.shape[1:])
    spread = LayerAttribution.interpolate(cam.detach(), size, "trilinear")[0]  # (1, D, H, W)
    return spread.expand_as(image) / len(image)


def _rectified(attribution: type, task: MapTask) -> Tensor:
    """Guided backpropagation (Springenberg et al. 2015) or deconvolution (Zeiler & Fergus 2014).

    Every rectifier, leaky ones too, hands back nothing but positive values.

    Raises
    ------
    InputError
        See `with_plain_rectifiers`.
    """
    mapped, crop = task.mapped, task.crop
    operations = mapped.exported(crop.image).operations
    network = with_plain_rectifiers(mapped.network, operations)
    margin = RegionMargin(network, crop.region, mapped.target)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting (backward|forward) ")
        values = attribution(margin).attribute(task.region.leaf())
    return values[0].detach()


def _random(task: MapTask) -> Tensor:
    """Drawn from the seed, every voxel independently from a normal distribution."""
    return torch.randn(task.crop.image.shape, generator=torch.Generator().manual_seed(task.seed))


MAPS: dict[str, Callable[[MapTask], Tensor]] = {
    **dict.fromkeys(COMPOSITES, _of_composite),
    **{name: partial(_of_gradient, compute) for name, compute in GRADIENT_METHODS.items()},
    "guided_backprop": partial(_mean_over_members, partial(_rectified, GuidedBackprop)),
    "deconvolution": partial(_mean_over_members, partial(_rectified, Deconvolution)),
    "seg_grad_cam_coarsest": partial(_mean_over_members, _seg_grad_cam_coarsest),
    "random": _random,
}
"""What computes the map of a method, by its name."""
