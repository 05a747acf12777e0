"""The signed relevance map of one lesion, by any method."""

import copy
import warnings

import torch
from captum.attr import Deconvolution, GuidedBackprop, LayerAttribution, LayerGradCam
from torch import Tensor, nn

from mrelevance.attribution.gradients import (
    gradient_map,
    integrated_gradients_map,
    seg_grad_cam_map,
)
from mrelevance.attribution.layers import executed_layers
from mrelevance.attribution.lesion_crop import LesionCrop, RegionMargin
from mrelevance.attribution.target import TARGETS
from mrelevance.lrp import Explainer, Explanation
from mrelevance.lrp.composites import COMPOSITES, FROM_BASELINE
from mrelevance.lrp.engine.operations import ACTIVATIONS
from mrelevance.runtime.errors import InputError

PEERS = (
    "gradient",
    "input_x_gradient",
    "integrated_gradients",
    "guided_backprop",
    "deconvolution",
    "seg_grad_cam",
    "seg_grad_cam_coarsest",
    "random",
)
METHODS = (*COMPOSITES, *PEERS)
GALLERY = (
    "zero",
    "epsilon",
    "gamma",
    "alpha2_beta1",
    "alpha1_beta0",
    "deeplift",
    "integrated_gradients",
    "seg_grad_cam_coarsest",
)
"""Rows of the gallery figure."""

RECTIFIERS = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU)


def attribution_map(
    method: str,
    network: nn.Module,
    exported: Explainer,
    crop: LesionCrop,
    target: str,
    seed: int,
) -> Tensor:
    """Map (C, D, H, W) of the mean explained output of a lesion.

    - The composites of `mrelevance.lrp`: the map sums to the mean output, or change of it, but for
      what the rule loses.
    - `gradient`: magnitude of the gradient (Simonyan et al. 2014), which has no sign.
    - `input_x_gradient` (Shrikumar et al. 2016), `integrated_gradients` from the crop's baseline
      (Sundararajan et al. 2017), `seg_grad_cam` at the input: see `peers`.
    - `guided_backprop` (Springenberg et al. 2015) and `deconvolution` (Zeiler & Fergus 2014):
      every rectifier, leaky ones too, hands back nothing but positive values; see `_rectified`.
    - `seg_grad_cam_coarsest`: Seg-Grad-CAM (Vinogradova et al. 2020) at the last convolution of the
      coarsest resolution, interpolated; it cannot tell the sequences apart, each gets the same.
    - `random`: drawn from `seed`, voxels independent.

    Parameters
    ----------
    network
        Maps images (B, C, D, H, W) to logits; in evaluation mode.
    exported
        An explainer of that very network, of any composite: it is not exported again.
    target
        `margin` or `tumour`.

    Raises
    ------
    InputError
        There is no such method, or it does not apply to the network.
    """
    if method in COMPOSITES:
        with torch.no_grad():
            explanation = explain_crop(method, exported, crop, target)
            return explanation.weighted_map(crop.region / crop.region.sum())
    margin = RegionMargin(network, crop.region, target)
    if method == "gradient":
        return gradient_map(margin, crop.image).abs()
    if method == "input_x_gradient":
        return gradient_map(margin, crop.image) * crop.image
    if method == "integrated_gradients":
        return integrated_gradients_map(margin, crop.image, crop.baseline)
    if method == "seg_grad_cam":
        return seg_grad_cam_map(gradient_map(margin, crop.image), crop.image)
    if method == "seg_grad_cam_coarsest":
        return _seg_grad_cam_coarsest(margin, crop)
    if method == "guided_backprop":
        return _rectified(GuidedBackprop, network, exported, crop, target)
    if method == "deconvolution":
        return _rectified(Deconvolution, network, exported, crop, target)
    if method == "random":
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(crop.image.shape, generator=generator)
    raise InputError(f"method {method!r} is unknown; choose from {', '.join(METHODS)}")


def explain_crop(
    composite: str, exported: Explainer, crop: LesionCrop, target: str, keep_values: bool = False
) -> Explanation:
    """Explanation of a crop under a composite, with the crop's baseline where it needs one."""
    baseline = crop.baseline if composite in FROM_BASELINE else None
    explainer = exported.with_composite(composite, baseline=baseline)
    return explainer.explain(crop.image, TARGETS[target], keep_values)


def _seg_grad_cam_coarsest(margin: RegionMargin, crop: LesionCrop) -> Tensor:
    layers = executed_layers(margin.network, crop.image)
    coarsest = min(layer.voxels for layer in layers)
    convolutions = [
        layer.module
        for layer in layers
        if layer.voxels == coarsest and isinstance(layer.module, nn.Conv3d | nn.ConvTranspose3d)
    ]
    if not convolutions:
        raise InputError("seg_grad_cam_coarsest: no convolution where the network is coarsest")
    cam = LayerGradCam(margin, convolutions[-1]).attribute(
        crop.image[None].clone().requires_grad_(), relu_attributions=True
    )
    size = tuple(crop.image.shape[1:])
    spread = LayerAttribution.interpolate(cam.detach(), size, "trilinear")[0]  # (1, D, H, W)
    return spread.expand_as(crop.image) / len(crop.image)


def _rectified(
    attribution: type, network: nn.Module, exported: Explainer, crop: LesionCrop, target: str
) -> Tensor:
    """Captum's attribution on a copy of the network in which it recognises every rectifier.

    Captum changes the gradient of `nn.ReLU` alone and leaves that of others as it is, without a
    word. So all other rectifiers are dressed as one; what they compute stays the same.

    Raises
    ------
    InputError
        An activation is no rectifier, or no module, and would keep its gradient.
    """
    for operation in exported.operations:
        if operation.kind not in ACTIVATIONS:
            continue
        if not isinstance(network.get_submodule(operation.path), RECTIFIERS):
            raise InputError(
                f"{attribution.__name__}: {operation} is no rectifier that is a module of its own "
                f"({', '.join(kind.__name__ for kind in RECTIFIERS)}); leave the method out of "
                "evaluation.maps.methods for this network"
            )
    dressed = _dressed(copy.deepcopy(network))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting (backward|forward) ")
        values = attribution(RegionMargin(dressed, crop.region, target)).attribute(
            crop.image[None].clone().requires_grad_()
        )
    return values[0].detach()


def _dressed(network: nn.Module) -> nn.Module:
    for name, module in network.named_children():
        if isinstance(module, RECTIFIERS):
            if getattr(module, "inplace", False):
                module.inplace = False  # a hook needs what it was given
            if not isinstance(module, nn.ReLU):
                setattr(network, name, _AnyRectifier(module))
        else:
            _dressed(module)
    return network


class _AnyRectifier(nn.ReLU):
    """A rectifier that passes for a ReLU and computes what it always did."""

    def __init__(self, rectifier: nn.Module):
        super().__init__()
        self.rectifier = rectifier

    def forward(self, values: Tensor) -> Tensor:
        """Apply the rectifier."""
        return self.rectifier(values)
