"""Attribution methods of others, for comparison: what they say each sequence is worth."""

from collections.abc import Callable

import numpy as np
from captum.attr import IntegratedGradients, Saliency
from torch import Tensor

PATH_POINTS = 8
"""Gauss-Legendre nodes of integrated gradients."""


def peer_relevance(
    output: Callable[[Tensor], Tensor],
    image: Tensor,
    baseline: Tensor,
    region: Tensor,
    seed: int,
) -> dict[str, np.ndarray]:
    """Relevance of each sequence (C,) for the sum of a region's explained outputs, by method.

    - `gradient`: sum of the magnitudes of the gradient (Simonyan et al. 2014).
    - `input_x_gradient`: sum of gradient times image (Shrikumar et al. 2016).
    - `integrated_gradients`: along the straight path from the baseline (Sundararajan et al. 2017).
    - `seg_grad_cam`: Seg-Grad-CAM (Vinogradova et al. 2020) at the input, the only layer whose
      channels are the sequences: each sequence weighted by its mean gradient over the image, summed
      over the voxels where the weighted sum is positive.
    - `random`: drawn anew from `seed`, uniformly from all that sum to 1.

    Parameters
    ----------
    output
        Maps an image (1, C, D, H, W) to the explained output (D, H, W), differentiably.
    image, baseline
        (C, D, H, W).
    region
        Voxels (D, H, W) whose outputs are summed.
    """

    def of_region(given: Tensor) -> Tensor:
        return output(given)[region].sum()[None]

    gradient = gradient_map(of_region, image)
    attributions = {
        "gradient": gradient.abs(),
        "input_x_gradient": gradient * image,
        "integrated_gradients": integrated_gradients_map(of_region, image, baseline),
        "seg_grad_cam": seg_grad_cam_map(gradient, image),
    }
    relevance = {
        method: values.double().sum((1, 2, 3)).numpy() for method, values in attributions.items()
    }
    relevance["random"] = np.random.default_rng(seed).dirichlet(np.ones(len(image)))
    return relevance


def gradient_map(of_region: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
    """Gradient (C, D, H, W) of a number of the image (1, C, D, H, W) -> (1,), with its signs."""
    return Saliency(of_region).attribute(_leaf(image), abs=False)[0].detach()


def integrated_gradients_map(
    of_region: Callable[[Tensor], Tensor], image: Tensor, baseline: Tensor
) -> Tensor:
    """Integrated gradients (C, D, H, W) along the straight path from baseline to image."""
    path = IntegratedGradients(of_region).attribute(
        _leaf(image),
        baseline[None],
        n_steps=PATH_POINTS,
        method="gausslegendre",
        internal_batch_size=1,
    )
    return path[0].detach()


def seg_grad_cam_map(gradient: Tensor, image: Tensor) -> Tensor:
    """Seg-Grad-CAM (C, D, H, W) at the input, from the gradient and the image (C, D, H, W)."""
    weighted = gradient.mean((1, 2, 3), keepdim=True) * image
    return weighted * (weighted.sum(0) > 0)


def _leaf(image: Tensor) -> Tensor:
    return image[None].clone().requires_grad_()
