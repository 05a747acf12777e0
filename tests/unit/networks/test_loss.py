import pytest
import torch
from monai.losses import DiceCELoss

from mrelevance.networks.loss import segmentation_loss

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(2, 3, 4, 4, 4, generator=GENERATOR)
CLASSES = torch.randint(0, 3, (2, 1, 4, 4, 4), generator=GENERATOR).float()


def test_loss_of_all_voxels_is_monais():
    expected = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True)
    assert torch.equal(segmentation_loss(LOGITS, CLASSES), expected(LOGITS, CLASSES))
    everything = torch.ones_like(CLASSES, dtype=torch.bool)
    torch.testing.assert_close(
        segmentation_loss(LOGITS, CLASSES, everything), expected(LOGITS, CLASSES)
    )


def test_ignored_voxels_change_nothing():
    counted = torch.ones_like(CLASSES, dtype=torch.bool)
    counted[:, :, :, :, 2:] = False
    logits, classes = LOGITS.clone(), CLASSES.clone()
    logits[..., 2:] += 5
    classes[..., 2:] = 0
    loss = segmentation_loss(LOGITS, CLASSES, counted)
    assert loss.item() == pytest.approx(segmentation_loss(logits, classes, counted).item())
    half = segmentation_loss(LOGITS[..., :2].contiguous(), CLASSES[..., :2].contiguous())
    assert loss.item() == pytest.approx(half.item(), rel=1e-5)


def test_patch_without_counted_voxels_has_no_gradient():
    logits = LOGITS.clone().requires_grad_()
    loss = segmentation_loss(logits, CLASSES, torch.zeros_like(CLASSES, dtype=torch.bool))
    loss.backward()
    assert loss.isfinite() and not logits.grad.any()
