"""Networks are built as the plans say; those in 2D compute the same in 3D."""

import json
from pathlib import Path

import pytest
import torch
from helpers import nnunet
from torch import nn

from mrelevance.networks.nnunet.architecture import build, has_batch_norm, load_weights
from mrelevance.networks.nnunet.plans import read_plans
from mrelevance.runtime.errors import InputError

FILE = Path("checkpoint_final.pth")


def built(folder, entries, channels=2, outputs=3, batch_norm=False):
    path = folder / "plans.json"
    path.write_text(json.dumps(nnunet.plans({nnunet.NAME: entries})))
    plans = read_plans(path, nnunet.NAME, 2)
    return build(plans, channels, outputs, batch_norm, "plans.json: configuration 3d_fullres")


@pytest.mark.parametrize("kind", ["PlainConvUNet", "ResidualEncoderUNet"])
def test_networks_compute_what_they_computed_in_training(tmp_path, kind):
    described = nnunet.architecture(kind=kind)
    trained = nnunet.network(described)
    network = built(tmp_path, nnunet.configuration(architecture=described))
    load_weights(network, trained.state_dict(), FILE)
    image = torch.randn(1, 2, 8, 12, 16)
    with torch.no_grad():
        assert torch.equal(network(image), trained(image))
    assert not network.training


@pytest.mark.parametrize("kind", ["PlainConvUNet", "ResidualEncoderUNet"])
def test_networks_in_2d_compute_the_same_on_single_slices(tmp_path, kind):
    described = nnunet.architecture(dimensions=2, kind=kind)
    trained = nnunet.network(described)
    entries = nnunet.configuration(architecture=described, patch_size=[12, 16], spacing=[2.0, 2.0])
    network = built(tmp_path, entries)
    load_weights(network, trained.state_dict(), FILE)
    image = torch.randn(1, 2, 12, 16)
    with torch.no_grad():
        found, expected = network(image[:, :, None])[:, :, 0], trained(image)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("kernels", [3, [3, 3, 3]])
def test_sizes_in_2d_may_be_numbers(tmp_path, kernels):
    described = nnunet.architecture(dimensions=2)
    described["arch_kwargs"]["kernel_sizes"] = kernels
    entries = nnunet.configuration(architecture=described, patch_size=[8, 8], spacing=[2.0, 2.0])
    network = built(tmp_path, entries)
    assert {
        tuple(module.kernel_size) for module in network.modules() if isinstance(module, nn.Conv3d)
    } == {(1, 3, 3), (1, 1, 1)}


@pytest.mark.parametrize("kind", ["PlainConvUNet", "ResidualEncoderUNet"])
def test_old_plans_describe_the_same_network(tmp_path, kind):
    network = built(tmp_path, nnunet.old_configuration(kind))
    described = nnunet.architecture(kind=kind)
    per_stage = "n_conv_per_stage" if kind == "PlainConvUNet" else "n_blocks_per_stage"
    described["arch_kwargs"] |= {"features_per_stage": [4, 8, 10], per_stage: [2, 1, 1]}
    expected = nnunet.network(described)
    load_weights(network, expected.state_dict(), FILE)
    image = torch.randn(1, 2, 8, 8, 8)
    with torch.no_grad():
        assert torch.equal(network(image), expected(image))


def test_batch_norm_is_told_by_its_statistics(tmp_path):
    described = nnunet.architecture()
    trained = nnunet.network(nnunet.architecture(norm="BatchNorm"))
    assert has_batch_norm(trained.state_dict())
    assert not has_batch_norm(nnunet.network(described).state_dict())
    network = built(tmp_path, nnunet.configuration(architecture=described), batch_norm=True)
    load_weights(network, trained.state_dict(), FILE)
    image = torch.randn(1, 2, 8, 8, 8)
    with torch.no_grad():
        assert torch.equal(network(image), trained(image))


def replaced(key, value):
    described = nnunet.architecture()
    (described["arch_kwargs"] if key in described["arch_kwargs"] else described)[key] = value
    return nnunet.configuration(architecture=described)


UNETS = "dynamic_network_architectures.architectures.unet"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (replaced("network_class_name", "os.system"), "network_class_name is os.system"),
        (replaced("network_class_name", "mine.PlainConvUNet"), "is mine.PlainConvUNet"),
        (replaced("network_class_name", f"{UNETS}.Primus"), "only PlainConvUNet, Residual"),
        (replaced("conv_op", "os.system"), "conv_op is os.system"),
        (replaced("nonlin", "torch.nn.functional"), "nonlin is torch.nn.functional"),
        (replaced("strides", [[1, 1, 1]]), "describes no network that can be built"),
        (replaced("n_stages", "three"), "describes no network that can be built"),
        (nnunet.old_configuration() | {"UNet_class_name": "Mine"}, "UNet_class_name is Mine"),
        (nnunet.configuration(architecture={}), "'network_class_name' is a required property"),
    ],
)
def test_other_networks_are_refused_in_one_line(tmp_path, entries, message):
    with pytest.raises(InputError, match=message) as error:
        built(tmp_path, entries)
    assert "\n" not in str(error.value)


def test_an_architecture_that_is_missing_is_told(tmp_path):
    entries = nnunet.configuration()
    del entries["architecture"]
    with pytest.raises(InputError, match="has no architecture: 'UNet_class_name' is a required"):
        built(tmp_path, entries)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state | {"extra": torch.zeros(1)}, "extra, which the network lacks"),
        (lambda state: dict(list(state.items())[1:]), r"no encoder\.stages\.0.*weight"),
        (lambda state: nnunet.network(nnunet.architecture(features=6)).state_dict(), r"of \(6, 2"),
        (lambda state: {name: weight * torch.nan for name, weight in state.items()}, "are NaN"),
    ],
)
def test_weights_of_another_network_are_refused_in_one_line(tmp_path, change, message):
    network = built(tmp_path, nnunet.configuration())
    with pytest.raises(InputError, match=message) as error:
        load_weights(network, change(nnunet.network(nnunet.architecture()).state_dict()), FILE)
    assert str(FILE) in str(error.value) and "\n" not in str(error.value)
