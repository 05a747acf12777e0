import pytest
import torch
from helpers.blobs import CONFIGURATION

from mrelevance.networks.building import build_network
from mrelevance.runtime.errors import InputError

TINY = CONFIGURATION["network"]["arguments"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("DynUNet", TINY),
        ("UNet", {"channels": [4, 8], "strides": [2]}),
        ("SegResNet", {"init_filters": 8}),
        ("AttentionUnet", {"channels": [4, 8], "strides": [2]}),
        ("BasicUNet", {"features": [4, 4, 8, 8, 8, 4]}),
    ],
)
def test_networks_by_name_map_channels_to_two_classes(name, arguments):
    network = build_network(name, arguments, in_channels=3).eval()
    assert network(torch.zeros(1, 3, 32, 32, 32)).shape == (1, 2, 32, 32, 32)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("DynUnet3", {}, "no network 'DynUnet3'"),
        ("SENet154", {}, "takes no in_channels and out_channels"),
        ("DynUNet", TINY | {"filter": [4, 8]}, "does not take filter"),
        ("DynUNet", TINY | {"in_channels": 4}, "does not take in_channels"),
        ("DynUNet", TINY | {"strides": [1]}, "refuses them"),
        ("DynUNet", {}, "refuses them"),
        ("UNet", {"channels": [4, 8], "strides": []}, "refuses them"),
    ],
)
def test_wrong_network_is_refused_in_one_line(name, arguments, message):
    with pytest.raises(InputError, match=message) as error:
        build_network(name, arguments, in_channels=3)
    assert "\n" not in str(error.value)
