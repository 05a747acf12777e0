"""What the texts say of a network that was trained elsewhere."""

import pytest

from mrelevance.reporting.text import fill
from tests.unit.reporting.test_methods import CARD, CHECKLIST, METHODS, facts

ELSEWHERE = {
    "kind": "trained elsewhere",
    "format": "nnU-Net",
    "path": "nets/3d_fullres",
    "files": {"plans.json": "a" * 64, "fold_0/checkpoint_final.pth": "b" * 64},
    "channels": CARD["channels"],
    "network_channels": ["0000", "0001"],
    "classes": ["background", "tumour"],
    "outputs": {"names": ["background", "tumour"], "heads": "softmax", "values": [0, 1]},
    "spacing_mm": [2.0, 2.0, 3.0],
    "window": [96, 96, 40],
    "members": {"explained": 1, "deployed": 16},
    "architecture": "PlainConvUNet",
    "parameters": 1234567,
    "facts": {"trainer": "nnUNetTrainer", "epochs": "1000"},
    "intended_use": CARD["intended_use"],
}


def text_of(template, **changes):
    known = facts({"network": {"source": "nets/3d_fullres"}})
    return fill(template, known | {"card": ELSEWHERE | changes})


def test_the_methods_say_what_is_known_of_the_training():
    text = text_of(METHODS)
    assert "The network was **trained elsewhere**" in text
    assert "trainer nnUNetTrainer; epochs 1000." in text
    assert "Of its 16 members" in text
    assert "1 were applied and explained" in text
    assert "a" * 64 in text
    assert "to voxels of 2 x 2 x 3 mm" in text
    assert "\n## Segmentation and its scores" in text


@pytest.mark.parametrize("template", [METHODS, CHECKLIST], ids=["methods", "checklist"])
def test_nothing_claims_a_training_here(template):
    text = text_of(template)
    for words in ("steps of", "steps on batches", "AdamW", "drawn at random. It", "weights.pt"):
        assert words not in text
    assert "elsewhere" in text


def test_the_target_of_a_sigmoid_head_is_its_own_logit():
    outputs = {"names": ["whole", "core"], "heads": "sigmoid", "values": [1, 2]}
    text = text_of(METHODS, outputs=outputs, classes=outputs["names"])
    assert "the logit of each region's own output, whose sign decides" in text
    assert "if the logit of its own output is positive" in text


def test_a_silent_network_is_said_to_tell_nothing():
    assert "Its files say of its training: nothing." in text_of(METHODS, facts={})
