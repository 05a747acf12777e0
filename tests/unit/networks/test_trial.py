"""What would fail in training or in the first segmentation is found before."""

import copy
import json
import subprocess
import sys

import pytest
import torch
from helpers.blobs import CONFIGURATION
from helpers.segmentations import UNDECLARED
from torch import nn

import mrelevance.networks.trial as trial
from mrelevance.networks.trial import try_training
from mrelevance.runtime.errors import InputError


def configured(name=None, arguments=None, divisor=4, patch=(16, 16, 12), window=(24, 24, 16)):
    configuration = copy.deepcopy(CONFIGURATION)
    configuration |= {"evaluation": {"precision": "float32"}, "segmentation": UNDECLARED}
    if name:
        configuration["network"] = {"name": name, "arguments": arguments, "divisor": divisor}
    configuration["training"]["patch"] = list(patch)
    configuration["inference"]["window"] = list(window)
    return configuration


def problem(*arguments, **sizes):
    with pytest.raises(InputError) as error:
        try_training(configured(*arguments, **sizes), 3)
    (line,) = str(error.value).splitlines()
    return line


def test_a_network_that_works_is_returned_with_its_cost():
    before = torch.get_rng_state()
    tried = try_training(configured(), 3)
    assert torch.equal(torch.get_rng_state(), before)
    assert not tried.network.training and not tried.one_size
    assert tried.weights == sum(p.numel() for p in tried.network.parameters()) > 1000
    assert min(tried.step_seconds, tried.window_seconds, tried.memory_gb) > 0


UNET = {"channels": [4, 8, 8, 8], "strides": [2, 2, 2]}


@pytest.mark.parametrize("divisor", [1, 2, 4])
def test_a_divisor_smaller_than_the_strides_names_the_right_one(divisor):
    line = problem("UNet", UNET, divisor, (16, 16, 16), (32, 32, 24))
    assert line.startswith(f"network.divisor: UNet cannot take every multiple of {divisor} voxels")
    assert "; set 8, and training.patch" in line
    try_training(configured("UNet", UNET, 8, (16, 16, 16), (32, 32, 24)), 3)


def test_strides_of_three_need_a_divisor_of_nine():
    arguments = {"channels": [4, 8, 8], "strides": [3, 3]}
    assert "; set 9," in problem("UNet", arguments, 3, (18, 18, 18), (45, 45, 45))


@pytest.mark.parametrize("norm", ["INSTANCE", "BATCH"])
def test_a_bottleneck_of_one_voxel_names_the_size(norm):
    configuration = configured("UNet", UNET | {"norm": norm}, 8, (8, 8, 8), (24, 24, 24))
    configuration["training"]["batch"] = 1
    with pytest.raises(InputError, match=r"^training.patch: of \[8, 8, 8\] voxels UNet leaves"):
        try_training(configuration, 3)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("DynUNett", {}, "no network 'DynUNett'"),
        ("UNet", UNET | {"filters": 3}, "does not take filters"),
        ("VNet", {}, "VNet refuses them (out channels should be divisible"),
        (
            "SegResNetVAE",
            {"input_image_size": [24, 24, 16], "init_filters": 8},
            "gives a tuple (a tensor of shape (1, 2, 16, 24, 24), a NoneType)",
        ),
        ("DenseNet121", {}, "DenseNet121"),
    ],
)
def test_networks_that_cannot_be_used_end_in_one_line(name, arguments, says):
    line = problem(name, arguments)
    assert says in line and "Traceback" not in line


def test_a_package_that_is_missing_is_named():
    """One of these networks needs it when it is built, the other when it is applied."""
    code = """
import json, sys
sys.modules["einops"] = None
from mrelevance.networks.trial import try_training
for name, arguments in (("UNETR", {"img_size": [32, 32, 32]}), ("SwinUNETR", {"feature_size": 12})):
    configuration = json.loads(sys.argv[1])
    configuration["network"] = {"name": name, "arguments": arguments, "divisor": 32}
    try:
        try_training(configuration, 3)
    except ValueError as error:
        print(error)
"""
    configuration = json.dumps(configured(patch=(32, 32, 32), window=(32, 32, 32)))
    done = subprocess.run(
        [sys.executable, "-c", code, configuration], capture_output=True, text=True, check=True
    )
    for line, name in zip(done.stdout.splitlines(), ("UNETR", "SwinUNETR"), strict=True):
        assert line.startswith(f"network.name: {name} needs a package that is not installed")
        assert "einops" in line and "Traceback" not in line


class OneSize(nn.Module):
    """A network with a weight for each voxel, as some transformers have."""

    def __init__(self, size):
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, 3, *size))
        self.head = nn.Conv3d(3, 2, 1)

    def forward(self, image):
        return self.head(image + self.positions)


def test_a_network_of_one_size_is_recognised(monkeypatch):
    size = (16, 16, 16)
    monkeypatch.setattr(trial, "build_network", lambda *_: OneSize(size))
    assert try_training(configured(patch=size, window=size), 3).one_size
    line = problem(patch=(16, 16, 8), window=size)
    assert line.startswith("training.patch: DynUNet cannot take [16, 16, 8] voxels (The size of te")


def test_all_wrong_settings_are_named_at_once():
    configuration = configured(patch=(16, 16, 6))
    configuration["network"]["name"] = "Unett"
    with pytest.raises(InputError) as error:
        try_training(configuration, 3)
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["training.patch", "network.name"]
