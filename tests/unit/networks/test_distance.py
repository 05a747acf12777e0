"""How far one fold is from the ensemble."""

import pytest
import torch
from helpers import nnunet

from mrelevance.networks.deployment import Outputs
from mrelevance.networks.distance import distance_between, distance_of_patient
from mrelevance.networks.loading import load
from mrelevance.runtime.errors import InputError

CLASSES = Outputs(("background", "liver", "tumour"), "softmax", (0, 1, 2), {})
REGIONS = Outputs(("whole", "core"), "sigmoid", (1, 2), {"whole": (1, 2), "core": (2,)})


def test_equal_logits_have_no_distance():
    logits = torch.randn(3, 4, 4, 4, generator=torch.Generator().manual_seed(1))
    distance = distance_between(logits, logits.clone(), CLASSES)
    assert distance.probability == 0
    assert distance.dice == {"liver": 1.0, "tumour": 1.0}


def test_classes_by_hand():
    """Four voxels: tumour in two, and in one of them only for one of the two networks."""
    big = 100.0
    deployed = torch.zeros(3, 1, 1, 4)
    deployed[2, ..., :2], deployed[0, ..., 2:] = big, big
    explained = deployed.clone()
    explained[2, ..., 1], explained[0, ..., 1] = 0, big
    distance = distance_between(explained, deployed, CLASSES)
    # In one of four voxels two of three probabilities differ by 1.
    assert distance.probability == pytest.approx(2 / 12)
    assert distance.dice == {"liver": 1.0, "tumour": pytest.approx(2 / 3)}


def test_regions_are_decided_by_their_own_sign():
    deployed = torch.tensor([[2.0, -1.0], [1.0, 1.0]]).view(2, 1, 1, 2)
    explained = torch.tensor([[2.0, 1.0], [1.0, -1.0]]).view(2, 1, 1, 2)
    distance = distance_between(explained, deployed, REGIONS)
    differ = torch.tensor(1.0).sigmoid() - torch.tensor(-1.0).sigmoid()
    assert distance.probability == pytest.approx(float(2 * differ / 4))
    assert distance.dice == {"whole": pytest.approx(2 / 3), "core": pytest.approx(2 / 3)}


def test_logits_of_different_images_are_refused():
    with pytest.raises(InputError, match="of one image and network"):
        distance_between(torch.zeros(3, 1, 1, 2), torch.zeros(3, 1, 1, 3), CLASSES)


def test_the_table_compares_a_fold_with_all_members(tmp_path):
    folder, _ = nnunet.write_folder(tmp_path, folds=(0, 1), mirrored=(2,))
    torch.manual_seed(2)
    image = torch.randn(2, 9, 12, 16)
    few, all_members = load(folder, folds=[0], mirroring=False), load(folder)
    table = distance_of_patient("P1", image, few, all_members)
    logits = [predictor.logits(image) for predictor in (few, all_members)]
    decided = [one.argmax(0) for one in logits]
    assert table["patient"].tolist() == ["P1", "P1"]
    assert table["output"].tolist() == ["liver", "tumour"]
    for number, dice in enumerate(table["dice"], start=1):
        first, second = (one == number for one in decided)
        total = first.sum() + second.sum()
        assert dice == pytest.approx(2 * (first & second).sum().item() / total.item())
    assert table["dice"].between(0, 1, inclusive="neither").any()
    far = (logits[0].softmax(0) - logits[1].softmax(0)).abs().mean().item()
    assert table["probability_difference"].tolist() == pytest.approx([far, far])
    assert table["members_explained"].eq(1).all() and table["members_deployed"].eq(4).all()
