"""Targets of regions, with a softmax and with heads of their own."""

import pytest
import torch

from mrelevance.attribution.target import Target
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import Region

LOGITS = torch.randn(3, 2, 3, 4, generator=torch.Generator().manual_seed(1))


def test_margin_between_classes():
    target = Target.of_region("margin", Region("tumour", (2,), (0, 1)))
    assert target.classes == ((2,), (0, 1))
    expected = LOGITS[2] - LOGITS[:2].amax(0)
    assert torch.equal(target.of_logits(LOGITS), expected)
    assert torch.equal(target.of_sides(target.sides(LOGITS)), expected)
    assert Target("margin").classes == (1, 0)


@pytest.mark.parametrize("name", ["margin", "tumour"])
def test_region_with_a_head_of_its_own(name):
    target = Target.of_region(name, Region("core", (1,), ()))
    assert target.classes == 1
    assert torch.equal(target.of_logits(LOGITS), LOGITS[1])
    assert torch.equal(target.of_sides(target.sides(LOGITS)), LOGITS[1])


def test_heads_of_their_own_make_no_region_together():
    with pytest.raises(InputError, match=r"outputs \[0, 1\] make no region together"):
        Target.of_region("margin", Region("both", (0, 1), ()))
