"""What would fail when the network is explained is found before it is trained."""

import pytest
import torch
from helpers.blobs import CONFIGURATION
from helpers.map_lesions import NormalisedWhereCoarsest
from helpers.segmentations import UNDECLARED
from monai.networks import nets

from mrelevance.attribution.trial import in_words, try_network
from mrelevance.lrp.engine.operations import BUILDERS
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.variants import varied

EXPLAINED = CONFIGURATION | {
    "relevance": {
        "composites": ["alpha1_beta0", "deeplift"],
        "target": "margin",
        "statistics": "live",
    },
    "segmentation": UNDECLARED,
    "evaluation": {
        "precision": "float32",
        "maps": {
            "crop": [16, 16, 12],
            "methods": ["guided_backprop", "random"],
            "randomised_methods": ["gradient"],
        },
    },
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def with_network(name, arguments, divisor=4, **changes):
    network = {"name": name, "arguments": arguments, "divisor": divisor}
    return varied(EXPLAINED, {"network": network, **changes})


def problems(configuration):
    with pytest.raises(InputError) as error:
        try_network(configuration, 3)
    return str(error.value).splitlines()


def test_a_network_that_can_be_explained_is_described():
    tried = try_network(EXPLAINED, 3)
    assert tried["network"] == "DynUNet" and not tried["one_size"]
    (line,) = in_words(tried)
    assert f"{tried['weights']:,} weights" in line and "minutes" in line and "GB" in line
    assert len(in_words(tried | {"one_size": True})) == 2


def test_deep_supervision_can_be_explained():
    arguments = CONFIGURATION["network"]["arguments"]
    deep = arguments | {"deep_supervision": True, "deep_supr_num": 1}
    assert try_network(with_network("DynUNet", deep), 3)["weights"] > 0


def test_a_method_that_does_not_apply_is_named_with_its_key():
    gated = with_network("AttentionUnet", {"channels": [4, 8, 8], "strides": [2, 2]})
    (line,) = problems(gated)
    assert "AttentionUnet cannot be explained by guided_backprop (evaluation.maps.methods)" in line
    assert "leave both out of evaluation.maps" in line
    without = varied(gated, {"evaluation": {"maps": {"methods": ["random"]}}})
    assert try_network(without, 3)["network"] == "AttentionUnet"


def test_what_only_the_gallery_shows_does_not_stop_the_study(monkeypatch):
    monkeypatch.setattr(nets, "Mine", NormalisedWhereCoarsest, raising=False)
    mine = with_network("Mine", {}, divisor=2)
    tried = try_network(mine, 3)
    assert list(tried["left_out"]) == ["seg_grad_cam_coarsest"]
    _, line = in_words(tried)
    assert line.startswith("the gallery leaves out seg_grad_cam_coarsest, which does not apply to ")
    asked = varied(mine, {"evaluation": {"maps": {"methods": ["seg_grad_cam_coarsest"]}}})
    (line,) = problems(asked)
    assert "explained by seg_grad_cam_coarsest (evaluation.maps.methods)" in line


def test_an_operation_without_a_rule_is_named_once_for_all_composites(monkeypatch):
    """A rule is taken away, as for an operation that nobody has written one for."""
    monkeypatch.delitem(BUILDERS, "leaky_relu")
    (line,) = problems(EXPLAINED)
    assert "alpha1_beta0 (relevance.composites), deeplift (relevance.composites)" in line
    assert "leaky_relu" in line and "has no rule" in line


def test_many_steps_of_a_method_cost_the_trial_no_more():
    entry = {"name": "integrated_gradients", "points": 1000}
    slow = varied(EXPLAINED, {"evaluation": {"maps": {"methods": [entry]}}})
    assert try_network(slow, 3)["explained_seconds"] < 60
