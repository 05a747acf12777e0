"""TorchScript: weights are read from real scripts and traces, and their code never runs."""

import io
import pickle
import shutil
import warnings
import zipfile

import pytest
import torch
from helpers.bundles import ARGUMENTS, bundle_network, write_bundle

from mrelevance.networks import load
from mrelevance.networks.imported.state import read_state
from mrelevance.networks.imported.torchscript import is_torchscript
from mrelevance.runtime.errors import InputError

SIZE = (1, 3, 8, 8, 8)
DESCRIPTION = {
    "network": {"name": "UNet", "arguments": {k: ARGUMENTS[k] for k in ("channels", "strides")}},
    "channels": ["T1", "T2", "FLAIR"],
    "outputs": {"background": 0, "lesion": 1},
    "heads": "softmax",
    "preprocessing": [],
    "axes": "xyz",
    "window": "whole",
}
DESCRIPTION["network"]["arguments"]["norm"] = ARGUMENTS["norm"]


def written(path, how):
    network = bundle_network()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if how == "script":
            script = torch.jit.script(network)
        else:
            script = torch.jit.trace(network, torch.zeros(SIZE), check_trace=False)
        torch.jit.save(torch.jit.freeze(script) if how == "frozen" else script, path)
    return path


@pytest.fixture(scope="module", params=["script", "trace"])
def script(request, tmp_path_factory):
    return written(tmp_path_factory.mktemp("script") / "model.ts", request.param)


def test_all_weights_are_those_of_the_network(script):
    state, expected = read_state(script), bundle_network().state_dict()
    assert set(state) == set(expected)
    for name, value in expected.items():
        assert torch.equal(state[name], value)


def test_with_its_name_and_arguments_the_network_computes_the_same(script):
    assert is_torchscript(script)
    predictor = load(script, description=DESCRIPTION)
    image = torch.randn(SIZE[1:])
    with torch.no_grad():
        assert torch.equal(predictor.logits(image), bundle_network()(image[None])[0])


def test_without_a_name_the_error_says_what_to_do(script):
    with pytest.raises(InputError) as raised:
        load(script)
    (line,) = str(raised.value).splitlines()
    assert "holds TorchScript, whose code is not run" in line
    assert "as the key network of a YAML file" in line
    assert "torch.export.save(torch.export.export(network.eval(), (image,)), 'network.pt2')" in line


@pytest.mark.parametrize("zipped", [False, True])
def test_a_bundle_whose_weights_are_torchscript_is_read(zipped, script, tmp_path):
    folder = write_bundle(tmp_path / "bundle")
    expected = load(folder)
    (folder / "models/model.pt").unlink()
    shutil.copy(script, folder / "models/model.ts")
    path = shutil.make_archive(str(tmp_path / "b"), "zip", tmp_path, "bundle") if zipped else folder
    predictor = load(path)
    assert "models/model.ts" in predictor.deployment.files
    image = torch.randn(SIZE[1:])
    assert torch.equal(predictor.logits(image), expected.logits(image))


def test_a_frozen_script_has_no_named_weights(tmp_path):
    path = written(tmp_path / "model.ts", "frozen")
    with pytest.raises(
        InputError, match=r"whose weights have no names, as after torch\.jit\.freeze"
    ):
        load(path, description=DESCRIPTION)


def replaced(script, path, name, content):
    """A copy of a script with another content of one file."""
    with zipfile.ZipFile(script) as source, zipfile.ZipFile(path, "w") as copy:
        for one in source.namelist():
            copy.writestr(one, content if one.endswith(name) else source.read(one))
    return path


class Attack:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


def test_a_pickle_in_the_place_of_the_weights_is_refused(script, tmp_path):
    marker = tmp_path / "owned"
    content = pickle.dumps({"weights": Attack(marker)}, protocol=2)
    path = replaced(script, tmp_path / "model.ts", "/data.pkl", content)
    with pytest.raises(InputError, match="holds more than weights, and opening it could run code"):
        read_state(path)
    assert not marker.exists()


def test_code_in_the_file_is_not_even_parsed(script, tmp_path):
    with zipfile.ZipFile(script) as archive:
        code = next(name for name in archive.namelist() if "/code/" in name and name[-3:] == ".py")
    path = replaced(script, tmp_path / "model.ts", code, b"this is no TorchScript")
    with pytest.raises(RuntimeError):
        torch.jit.load(path)
    assert set(read_state(path)) == set(bundle_network().state_dict())


def test_damaged_files_are_refused(script, tmp_path):
    path = tmp_path / "model.ts"
    replaced(script, path, "/data.pkl", b"")
    with pytest.raises(InputError, match=r"model\.ts cannot be read as weights|more than weights"):
        read_state(path)
    path.write_bytes(io.BytesIO(script.read_bytes()).read(500))
    with pytest.raises(InputError, match=r"model\.ts"):
        load(path, description=DESCRIPTION)
