"""Weights are read safely, found where they lie, and fitted by name."""

import pickle
import zipfile

import pytest
import torch
from torch import nn

from mrelevance.networks.imported.state import fit_state, read_state
from mrelevance.runtime.errors import InputError


class Attack:
    """Would create a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def network() -> nn.Module:
    return nn.Sequential(nn.Conv3d(1, 2, 1), nn.BatchNorm3d(2), nn.Conv3d(2, 2, 1))


@pytest.fixture
def state() -> dict:
    torch.manual_seed(0)
    return network().state_dict()


@pytest.mark.parametrize(
    "nested",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"state": {0: state}}},
        lambda state: {"network": {"model": state}},
        lambda state: {"network_weights": {f"module.{key}": v for key, v in state.items()}},
        lambda state: {"state_dict": {f"net._orig_mod.{k}": v for k, v in state.items()}},
        lambda state: {f"module.{k}": v for k, v in state.items()} | {"loss.w": torch.ones(2)},
        lambda state: {k: v for k, v in state.items() if "num_batches_tracked" not in k},
    ],
)  # fmt: skip
def test_weights_are_found_in_checkpoints(nested, state, tmp_path):
    torch.save(nested(state), tmp_path / "weights.pt")
    loaded = network()
    fit_state(loaded, read_state(tmp_path / "weights.pt"), "weights.pt")
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, state[key])


def test_keys_that_do_not_fit_are_named(state):
    state["0.weight"] = torch.ones(3, 1, 1, 1, 1)
    del state["1.running_mean"]
    state["9.weight"] = torch.ones(1)
    with pytest.raises(InputError) as problem:
        fit_state(network(), state, "weights.pt")
    (line,) = str(problem.value).splitlines()
    assert "not in the file: 1.running_mean;" in line
    assert "not in the network: 9.weight;" in line
    assert "of another shape: 0.weight (3, 1, 1, 1, 1) instead of (2, 1, 1, 1, 1);" in line


@pytest.mark.parametrize(
    "write", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))]
)
def test_a_malicious_pickle_is_refused_and_not_run(write, tmp_path):
    marker = tmp_path / "owned"
    write({"weights": Attack(marker)}, tmp_path / "weights.pt")
    with pytest.raises(InputError, match=r"weights\.pt holds more than weights, and opening it"):
        read_state(tmp_path / "weights.pt")
    assert not marker.exists()


def test_functions_beside_the_weights_are_refused(state, tmp_path):
    torch.save(state | {"loss": print, "activation": torch.relu}, tmp_path / "weights.pt")
    with pytest.raises(InputError, match="holds more than weights, and opening it could run code"):
        read_state(tmp_path / "weights.pt")


def test_mappings_that_contain_themselves_hold_no_weights(tmp_path):
    content = {"epoch": 1}
    content["self"] = content
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(InputError, match=r"weights\.pt cannot be read as weights"):
        read_state(tmp_path / "weights.pt")


def test_a_tensor_beyond_its_stored_values_is_refused(tmp_path):
    """Its size is 240 where 4 values are stored, so that it would show the process's memory."""
    torch.save({"weight": torch.arange(4.0)}, tmp_path / "right.pt")
    with zipfile.ZipFile(tmp_path / "right.pt") as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(tmp_path / "weights.pt", "w") as copy:
        for name, content in parts.items():
            longer = content.replace(b"K\x04\x85", b"K\xf0\x85")
            copy.writestr(name, longer if name.endswith("data.pkl") else content)
            assert longer != content or not name.endswith("data.pkl")
    with pytest.raises(InputError, match=r"weights\.pt cannot be read as weights"):
        read_state(tmp_path / "weights.pt")


def test_weights_of_any_strides_and_precision_are_copied_by_value(state, tmp_path):
    strange = {
        "0.bias": torch.zeros(1).expand(2),
        "2.weight": state["2.weight"].transpose(0, 1).contiguous().transpose(0, 1),
        "2.bias": torch.stack([state["2.bias"], torch.zeros(2)], 1)[:, 0],
        "0.weight": state["0.weight"].double(),
    }
    torch.save(state | strange, tmp_path / "weights.pt")
    loaded = network()
    fit_state(loaded, read_state(tmp_path / "weights.pt"), "weights.pt")
    for key, value in (state | strange).items():
        assert torch.equal(loaded.state_dict()[key], value.float() if "num" not in key else value)
    assert loaded.state_dict()["0.bias"].is_contiguous()


@pytest.mark.parametrize(
    "strange",
    [
        torch.tensor([1.0, float("nan")]),
        torch.tensor([1.0, float("inf")]),
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2).to_sparse(),
        torch.ones(2, device="meta"),
        torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
        torch.ones(2).to(torch.float8_e4m3fn),
    ],
)
def test_what_is_no_ordinary_tensor_is_refused(strange, state, tmp_path):
    torch.save(state | {"2.bias": strange}, tmp_path / "weights.pt")
    with pytest.raises(
        InputError, match=r"2\.bias: not an ordinary tensor of real, finite|read as"
    ):
        fit_state(network(), read_state(tmp_path / "weights.pt"), "weights.pt")


def test_a_whole_network_is_refused(tmp_path):
    torch.save(network(), tmp_path / "network.pt")
    with pytest.raises(InputError, match="holds more than weights"):
        read_state(tmp_path / "network.pt")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"epoch": 3}, "holds no weights"),
        ([torch.ones(2)], "holds no weights"),
        ({"teacher": {"a": torch.ones(1)}, "student": {"a": torch.ones(1)}}, "teacher, student"),
    ],
)
def test_what_is_no_set_of_weights_is_refused(content, problem, tmp_path):
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(InputError, match=problem):
        read_state(tmp_path / "weights.pt")


def test_damaged_and_missing_files_are_refused(state, tmp_path):
    path = tmp_path / "weights.pt"
    with pytest.raises(InputError, match="does not exist"):
        read_state(path)
    torch.save(state, path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match=r"weights\.pt cannot be read as weights"):
        read_state(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"weights\.pt cannot be read as weights"):
        read_state(path)
