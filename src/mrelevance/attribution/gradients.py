"""Gradient methods: what the derivatives of a region's output attribute to each voxel."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from captum.attr import IntegratedGradients, Saliency
from torch import Tensor

from mrelevance.attribution.inputs import ExplainedPatient
from mrelevance.attribution.table import pooled_table
from mrelevance.attribution.target import Target
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.methods import METHODS
from mrelevance.runtime.seeds import patient_seed

PATH_POINTS = METHODS["integrated_gradients"].parameters["points"].default


@dataclass(frozen=True)
class RegionOutput:
    """The output of a region as a function of the image.

    Attributes
    ----------
    output
        Maps an image (1, C, D, H, W) to one number (1,), differentiably.
    image, baseline
        (C, D, H, W).
    """

    output: Callable[[Tensor], Tensor]
    image: Tensor
    baseline: Tensor

    @cached_property
    def gradient(self) -> Tensor:
        """Gradient (C, D, H, W) at the image, with its signs."""
        return Saliency(self.output).attribute(self.leaf(), abs=False)[0].detach()

    def leaf(self) -> Tensor:
        """A copy of the image, (1, C, D, H, W), that gradients are computed for."""
        return self.image[None].clone().requires_grad_()


def gradient(region: RegionOutput) -> Tensor:
    """Magnitude of the gradient (Simonyan et al. 2014), which has no sign."""
    return region.gradient.abs()


def input_x_gradient(region: RegionOutput) -> Tensor:
    """Gradient times image (Shrikumar et al. 2016)."""
    return region.gradient * region.image


def integrated_gradients(region: RegionOutput, points: float = PATH_POINTS) -> Tensor:
    """Mean gradient along the straight path from the baseline (Sundararajan et al. 2017).

    It is multiplied by the difference of image and baseline; `points` are Gauss-Legendre nodes.
    """
    path = IntegratedGradients(region.output).attribute(
        region.leaf(),
        region.baseline[None],
        n_steps=int(points),
        method="gausslegendre",
        internal_batch_size=1,
    )
    return path[0].detach()


def seg_grad_cam(region: RegionOutput) -> Tensor:
    """Seg-Grad-CAM (Vinogradova et al. 2020) at the input, whose channels are the sequences.

    Each sequence is weighted by its mean gradient over the image; only voxels where the weighted
    sum is positive count.
    """
    weighted = region.gradient.mean((1, 2, 3), keepdim=True) * region.image
    return weighted * (weighted.sum(0) > 0)


GRADIENT_METHODS: dict[str, Callable[..., Tensor]] = {
    "gradient": gradient,
    "input_x_gradient": input_x_gradient,
    "integrated_gradients": integrated_gradients,
    "seg_grad_cam": seg_grad_cam,
}
"""Maps (C, D, H, W) by method."""


def gradient_relevance(region: RegionOutput, seed: int) -> dict[str, np.ndarray]:
    """Relevance of each sequence (C,) by method: the sum of its map over the image.

    Besides the gradient methods, `random`: drawn from `seed`, uniformly from all shares that sum
    to 1.
    """
    relevance = {
        method: compute(region).double().sum((1, 2, 3)).numpy()
        for method, compute in GRADIENT_METHODS.items()
    }
    relevance["random"] = np.random.default_rng(seed).dirichlet(np.ones(len(region.image)))
    return relevance


def gradient_table(
    patient: ExplainedPatient, predictor: Predictor, target: Target, seed: int
) -> pd.DataFrame:
    """Relevance table of the gradient methods for a patient's predicted tumour.

    What is explained is the sum of the `target` over its voxels. `seed` is that of the study.
    Computed on the CPU.
    """
    for network in predictor.networks:
        network.requires_grad_(False)
    image, baseline = torch.from_numpy(patient.image), torch.from_numpy(patient.baseline)
    tumour = {key: mask for key, mask in patient.masks.items() if key[0] == "tumour"}
    relevance = {}
    for key, mask in tumour.items():
        inside = torch.from_numpy(mask)

        def of_region(given: Tensor, inside: Tensor = inside) -> Tensor:
            return target.of_logits(predictor.apply(given[0]))[inside].sum()[None]

        region = RegionOutput(of_region, image, baseline)
        relevance[key] = gradient_relevance(region, patient_seed(seed, patient.name))
    return pooled_table(relevance, tumour, patient.sequences, patient.name, target.name)
