"""The way back: from logits in the network's space to a segmentation on the original grid."""

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor

from mrelevance.networks.deployment import SIGMOID, Case, Outputs
from mrelevance.networks.nnunet.plans import Plans
from mrelevance.networks.nnunet.preprocessing import Steps
from mrelevance.networks.nnunet.resampling import resample
from mrelevance.runtime.grids import put_on


def restore(case: Case, logits: Tensor, outputs: Outputs, plans: Plans) -> sitk.Image:
    """Segmentation on the grid of `case.original`, uint8, from logits (outputs, D, H, W).

    Logits are resampled, not probabilities; what was cropped becomes background.

    Raises
    ------
    ValueError
        The logits have another size than the case's image.
    """
    if logits.shape[1:] != case.image.shape[1:]:
        raise ValueError(f"logits {tuple(logits.shape)} of an image {tuple(case.image.shape)}")
    steps: Steps = case.state
    resampled = resample(
        logits.detach().cpu().float().numpy(),
        steps.cropped,
        steps.new_spacing,
        steps.spacing,
        plans.of_logits,
    )
    segmentation = np.zeros(steps.shape, np.uint8)
    segmentation[steps.box] = decide(resampled, outputs)
    image = sitk.GetImageFromArray(segmentation.transpose(np.argsort(plans.forward)))
    put_on(steps.turned, image)
    if plans.orientation is not None:
        image = sitk.DICOMOrient(image, _orientation(case.original))
    image.CopyInformation(case.original)
    return image


def decide(logits: np.ndarray, outputs: Outputs) -> np.ndarray:
    """Label value (D, H, W) of every voxel, uint8, from logits (outputs, D, H, W)."""
    if outputs.heads != SIGMOID:
        return np.array(outputs.values, np.uint8)[logits.argmax(axis=0)]
    segmentation = np.zeros(logits.shape[1:], np.uint8)
    likely = torch.sigmoid(torch.from_numpy(logits)) > 0.5
    for region, value in zip(likely.numpy(), outputs.values, strict=True):
        segmentation[region] = value
    return segmentation


def _orientation(image: sitk.Image) -> str:
    of = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines
    return of(image.GetDirection())
