"""Similarity of two images of different contrast: squared local correlation."""

import torch
import torch.nn.functional as F

VOXELS = 27  # in a window of 3 x 3 x 3
# Added to the variance of each window, relative to that of the image, so that windows without
# structure count little.
FLAT = 1e-2
# Of an image whose standard deviation is 1: a part of it with less holds rounding errors only.
LEAST_VARIANCE = 1e-4


class Template:
    """The fixed image on one grid, with the statistics of its windows computed once.

    Parameters
    ----------
    image
        (D, H, W).
    mask
        Boolean, (D, H, W): centres of the windows that count. Voxels of the outermost layer have no
        complete window and never count.
    """

    def __init__(self, image: torch.Tensor, mask: torch.Tensor):
        self.image = image
        self.mean = window_mean(image)
        self.variance = window_mean(image * image) - self.mean**2 + _guard(image)
        inner = mask[1:-1, 1:-1, 1:-1].to(image.dtype)
        self.weight = inner / inner.sum().clamp(min=1)


def _guard(image: torch.Tensor) -> torch.Tensor:
    """What is added to the variance of each window of an image."""
    return FLAT * image.var().clamp(min=LEAST_VARIANCE)


def window_mean(image: torch.Tensor) -> torch.Tensor:
    """Average over the complete windows of 3 x 3 x 3 voxels; D, H and W shrink by 2."""
    image = image[..., :, :, :-2] + image[..., :, :, 1:-1] + image[..., :, :, 2:]
    image = image[..., :, :-2, :] + image[..., :, 1:-1, :] + image[..., :, 2:, :]
    image = image[..., :-2, :, :] + image[..., 1:-1, :, :] + image[..., 2:, :, :]
    return image / VOXELS


def window_mean_transposed(image: torch.Tensor) -> torch.Tensor:
    """Apply the transpose of `window_mean`; D, H and W grow by 2."""
    return window_mean(F.pad(image, (2, 2, 2, 2, 2, 2)))


class _SquaredLocalCorrelation(torch.autograd.Function):
    @staticmethod
    def forward(context, warped, template):
        mean, product, square = window_mean(
            torch.stack([warped, warped * template.image, warped * warped])
        )
        covariance = product - mean * template.mean
        variance = square - mean**2 + _guard(warped)
        slope = covariance / (template.variance * variance) * template.weight
        squared = slope * covariance
        # d(squared) / d(covariance) and d(squared) / d(variance)
        context.template = template
        context.save_for_backward(warped, mean, 2 * slope, 2 * squared / variance)
        return squared.sum()

    @staticmethod
    def backward(context, gradient):
        template = context.template
        warped, mean, by_covariance, by_variance = context.saved_tensors
        first, second, constant = window_mean_transposed(
            torch.stack(
                [by_covariance, by_variance, by_covariance * template.mean - by_variance * mean]
            )
        )
        # The variance of the whole image, which is added to that of each window
        guard = FLAT * by_variance.sum() / (warped.numel() - 1) * (warped - warped.mean())
        return gradient * (template.image * first - warped * second - constant - guard), None


def squared_local_correlation(warped: torch.Tensor, template: Template) -> torch.Tensor:
    """Compute the mean over the template's mask of the squared local correlation, 0 to 1.

    At each voxel it is, over a window of 3 x 3 x 3 voxels whose means are removed,

        <F W>^2 / ((<F^2> + e) (<W^2> + e')),

    where < > is the mean over the window, and e and e' are `FLAT` times each image's variance.
    It measures whether the warped image W (D, H, W) is locally a linear function of the fixed
    image F, rising or falling, and so does not depend on contrast (Cachier & Pennec, MMBIA 2000).
    The gradient with respect to W is analytic and costs as much as the value.
    """
    return _SquaredLocalCorrelation.apply(warped, template)
