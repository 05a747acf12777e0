"""How alike two images of different contrast are, tissue by tissue."""

import torch
import torch.nn.functional as F

VOXELS = 27  # in a window of 3 x 3 x 3
# Variance, relative to that of the image, added to that of each window: windows without structure
# count little. Too little of it, and noise decides: interpolation smooths it between voxels, which
# looks like better agreement there.
FLAT = 3e-3


class Template:
    """The reference image on one grid, with what belongs to its windows computed once.

    Parameters
    ----------
    image
        (D, H, W).
    mask
        Boolean, (D, H, W): centres of the windows that count. The outermost layer of voxels has no
        complete window and never counts.
    """

    def __init__(self, image: torch.Tensor, mask: torch.Tensor):
        self.image = image
        self.mean = window_mean(image)
        self.variance = window_mean(image * image) - self.mean**2 + FLAT * image.var()
        inner = mask[1:-1, 1:-1, 1:-1].to(image.dtype)
        self.weight = inner / inner.sum().clamp(min=1)


def window_mean(image: torch.Tensor) -> torch.Tensor:
    """Means over the complete windows of 3 x 3 x 3 voxels: (..., D, H, W) to two less each."""
    image = image[..., :, :, :-2] + image[..., :, :, 1:-1] + image[..., :, :, 2:]
    image = image[..., :, :-2, :] + image[..., :, 1:-1, :] + image[..., :, 2:, :]
    image = image[..., :-2, :, :] + image[..., 1:-1, :, :] + image[..., 2:, :, :]
    return image / VOXELS


def window_mean_adjoint(image: torch.Tensor) -> torch.Tensor:
    """Adjoint of `window_mean`: (..., D, H, W) to two more each."""
    return window_mean(F.pad(image, (2, 2, 2, 2, 2, 2)))


class _SquaredLocalCorrelation(torch.autograd.Function):
    @staticmethod
    def forward(context, warped, template):
        mean, product, square = window_mean(
            torch.stack([warped, warped * template.image, warped * warped])
        )
        covariance = product - mean * template.mean
        variance = square - mean**2 + FLAT * warped.var()
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
        first, second, constant = window_mean_adjoint(
            torch.stack(
                [by_covariance, by_variance, by_covariance * template.mean - by_variance * mean]
            )
        )
        return gradient * (template.image * first - warped * second - constant), None


def squared_local_correlation(warped: torch.Tensor, template: Template) -> torch.Tensor:
    """Mean over the template's mask of the squared local correlation, 0 to 1.

    With the means of a window of 3 x 3 x 3 voxels removed, that of the voxel in its centre is

        (sum F W)^2 / (sum F^2 sum W^2).

    The square makes it blind to contrast: it asks whether the warped image W (D, H, W) is locally
    a linear function of the reference F, rising or falling (Cachier & Pennec, MMBIA 2000). The
    gradient with respect to W is the analytic one, at the cost of the value; the variance that
    guards flat windows is held fixed in it.
    """
    return _SquaredLocalCorrelation.apply(warped, template)
