"""How far one fold is from the ensemble."""

import pytest
import torch

from mrelevance.networks.deployment import Outputs
from mrelevance.networks.distance import distance_between
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
