"""Exported programs: explained as the network they come from."""

import json

import pytest
import torch
from helpers.programs import (
    CHANNELS,
    DESCRIPTION,
    SIZE,
    Network,
    changed,
    random_image,
    write_program,
)
from helpers.small_networks import SEQUENCES, STEP_NETWORKS, step_network

from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.networks.imported.program_archive import EXTRA
from mrelevance.runtime.errors import InputError


class Several(Network):
    def forward(self, image):
        return [super().forward(image)]


@pytest.fixture(scope="module")
def network():
    return Network().eval()


@pytest.fixture(scope="module")
def stored(network, tmp_path_factory):
    return write_program(network, tmp_path_factory.mktemp("program") / "network.pt2")


def test_a_program_of_fixed_size_is_explained_on_its_grid(network, stored):
    predictor = load(stored, description=DESCRIPTION)
    assert predictor.windows.size == SIZE
    torch.testing.assert_close(
        predictor.logits(random_image()), network(random_image()[None])[0].detach()
    )
    baseline = torch.zeros_like(random_image())
    shares = [
        Explainer(one, random_image(), "deeplift", baseline=baseline).shares(random_image(), (1, 0))
        for one in (network, predictor.networks[0])
    ]
    torch.testing.assert_close(shares[1], shares[0], rtol=0, atol=1e-6)


def test_larger_images_are_seen_in_windows_and_smaller_ones_padded(network, stored):
    predictor = load(stored, description=DESCRIPTION)
    larger = predictor.logits(random_image((8, 6, 14)))
    assert larger.shape == (2, 8, 6, 14)
    small = random_image((4, 6, 10))
    padded = torch.nn.functional.pad(small, (0, 0, 0, 0, 2, 2))
    expected = network(padded[None])[0, :, 2:6]
    torch.testing.assert_close(predictor.logits(small), expected.detach())


def test_another_window_than_that_of_the_program_is_refused(stored):
    with pytest.raises(InputError, match="exported for images of 10 x 6 x 8 voxels, but window is"):
        load(stored, description=DESCRIPTION | {"window": [12, 6, 8]})


def test_an_image_of_another_size_is_refused(stored):
    program = load(stored, description=DESCRIPTION).networks[0]
    with pytest.raises(
        InputError, match="for images of 10 x 6 x 8 voxels, this one has 10 x 6 x 4"
    ):
        program(torch.zeros(1, SEQUENCES, 4, 6, 10))


@pytest.mark.parametrize("name", STEP_NETWORKS)
def test_networks_with_other_layers_are_read(name, tmp_path):
    network = step_network(name).float().eval()
    one = random_image((8, 8, 8))
    path = write_program(network, tmp_path / "network.pt2", (8, 8, 8))
    predictor = load(path, description=DESCRIPTION)
    torch.testing.assert_close(predictor.logits(one), network(one[None])[0].detach())


def test_what_is_not_known_is_asked_for(stored):
    with pytest.raises(InputError) as problem:
        load(stored)
    (line,) = str(problem.value).splitlines()
    for key in ("channels", "outputs", "heads", "preprocessing", "axes"):
        assert f"{key} (" in line
    assert "window (" not in line


@pytest.mark.parametrize(
    ("key", "value"), [("channels", ["T1"]), ("outputs", {"a": 0, "b": 1, "c": 2})]
)
def test_other_numbers_of_channels_and_outputs_are_refused(key, value, stored):
    with pytest.raises(InputError, match=f"{key}, but {len(value)} are named"):
        load(stored, description=DESCRIPTION | {key: value})


def test_a_network_in_training_mode_is_refused(tmp_path):
    path = write_program(Network().train(), tmp_path / "network.pt2")
    with pytest.raises(InputError, match=r"exported in training mode.*call network\.eval\(\)"):
        load(path, description=DESCRIPTION)


def test_a_network_with_several_outputs_is_refused(tmp_path):
    path = write_program(Several().eval(), tmp_path / "network.pt2")
    with pytest.raises(InputError, match="does not turn one image into one tensor of logits"):
        load(path, description=DESCRIPTION)


def test_damaged_archives_are_refused(stored, tmp_path):
    path = tmp_path / "network.pt2"
    path.write_bytes(stored.read_bytes()[:300])
    with pytest.raises(InputError, match="is damaged or no exported program"):
        load(path, description=DESCRIPTION)
    changed(stored, path, model__json=lambda content: content[:100])
    with pytest.raises(InputError, match=r"lacks models/model\.json, or it is damaged"):
        load(path, description=DESCRIPTION)
    changed(stored, path, model__json=lambda content: b"{}")
    with pytest.raises(InputError, match="is not written as PyTorch"):
        load(path, description=DESCRIPTION)


def test_a_description_in_the_archive_is_checked(network, tmp_path):
    program = torch.export.export(network, (torch.zeros(1, SEQUENCES, *SIZE),), strict=False)
    path = tmp_path / "network.pt2"
    torch.export.save(program, path, extra_files={EXTRA: json.dumps({"colour": "red"})})
    with pytest.raises(InputError, match="colour: unknown; the keys are"):
        load(path, description=DESCRIPTION)
    torch.export.save(program, path, extra_files={EXTRA: json.dumps(DESCRIPTION)})
    assert load(path).deployment.channels == tuple(CHANNELS)
    assert load(path, channels=list("abcdef")[:SEQUENCES]).deployment.channels[0] == "a"
