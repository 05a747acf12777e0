"""A network is loaded only as its card describes it."""

import pytest
import torch
from helpers.blobs import CONFIGURATION, SEQUENCES

from mrelevance.networks.building import build_network
from mrelevance.networks.loading import load_network
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import sha256, write_json


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_network("DynUNet", CONFIGURATION["network"]["arguments"], len(SEQUENCES))


@pytest.fixture
def model(network, tmp_path):
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    card = {
        "channels": SEQUENCES,
        "classes": ["background", "tumour"],
        "configuration": CONFIGURATION,
        "weights_sha256": sha256(tmp_path / "weights.pt"),
    }
    write_json(card, tmp_path / "card.json")
    return tmp_path


def test_network_is_loaded_as_it_was_saved(network, model):
    loaded = load_network(model, SEQUENCES)
    assert not loaded.training
    for name, value in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)


def test_model_for_other_channels_is_refused(model):
    with pytest.raises(InputError, match="trained on T1, T2, FLAIR, but the images hold T2"):
        load_network(model, ["T2", "T1", "FLAIR"])


def test_missing_weights_are_named(model):
    (model / "weights.pt").unlink()
    with pytest.raises(InputError, match=r"weights\.pt does not exist; train the network first"):
        load_network(model, SEQUENCES)


def test_changed_weights_are_refused(model):
    content = bytearray((model / "weights.pt").read_bytes())
    content[-1] ^= 1
    (model / "weights.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"weights\.pt has another checksum than card\.json says"):
        load_network(model, SEQUENCES)
