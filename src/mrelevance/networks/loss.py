"""The loss of training: soft Dice plus cross-entropy over the voxels that count."""

from monai.losses import DiceCELoss, MaskedDiceLoss
from torch import Tensor
from torch.nn.functional import cross_entropy

_SETTINGS = {"include_background": False, "to_onehot_y": True, "softmax": True}


def segmentation_loss(logits: Tensor, classes: Tensor, counted: Tensor | None = None) -> Tensor:
    """Soft Dice of the classes without background, plus cross-entropy.

    Parameters
    ----------
    logits
        (B, K, D, H, W).
    classes
        Number of each voxel's class (B, 1, D, H, W), float.
    counted
        Voxels that take part (B, 1, D, H, W), bool; None for all.
    """
    if counted is None:
        return DiceCELoss(**_SETTINGS)(logits, classes)
    dice = MaskedDiceLoss(**_SETTINGS)(logits, classes * counted, counted.float())
    entropy = cross_entropy(logits, classes[:, 0].long(), reduction="none")[counted[:, 0]]
    return dice + entropy.sum() / max(entropy.numel(), 1)
