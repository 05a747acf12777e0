"""Networks that a user's function makes: its code runs with explicit trust alone."""

import pytest
import torch
from helpers.small_networks import SEQUENCES

from mrelevance.networks import load
from mrelevance.networks.imported.factory import WEIGHTS
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import sha256

DESCRIPTION = {
    "channels": [f"sequence {number}" for number in range(SEQUENCES)],
    "outputs": {"background": 0, "tumour": 1},
    "heads": "softmax",
    "preprocessing": [],
    "axes": "zyx",
    "window": "whole",
}
CODE = f"""
from pathlib import Path

from torch import nn, manual_seed

Path(__file__).with_name("has_run").touch()
NUMBER = 1


def make():
    manual_seed(3)
    return nn.Conv3d({SEQUENCES}, 2, 3, padding=1).train()


def fails():
    raise RuntimeError("no weights\\nhere")


def other():
    return {{"weights": 1}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own_models.py"
    path.write_text(CODE)
    return path


def given(file, function="make", **options):
    return load(f"{file}:{function}", description=DESCRIPTION, **options)


def test_nothing_runs_without_trust(file):
    with pytest.raises(InputError) as raised:
        given(file)
    (line,) = str(raised.value).splitlines()
    assert f"the function make of {file} would be run" in line
    for way in ("network.trust_code: true", "--trust-code", "trust_code=True"):
        assert way in line
    assert not file.with_name("has_run").exists()


def test_the_network_is_applied_in_evaluation_mode(file):
    predictor = given(file, trust_code=True)
    torch.manual_seed(3)
    expected = torch.nn.Conv3d(SEQUENCES, 2, 3, padding=1)
    image = torch.randn(SEQUENCES, 4, 5, 6)
    torch.testing.assert_close(predictor.logits(image), expected(image[None])[0].detach())
    assert not predictor.networks[0].training
    assert predictor.deployment.kind == "factory"


def test_code_and_weights_have_checksums(file):
    files = given(file, trust_code=True).deployment.files
    assert files["own_models.py"] == sha256(file)
    file.write_text(CODE.replace("manual_seed(3)", "manual_seed(4)"))
    others = given(file, trust_code=True).deployment.files
    assert {name for name in files if files[name] != others[name]} == {"own_models.py", WEIGHTS}


def test_a_module_is_found_below_its_folder(tmp_path):
    package = tmp_path / "some_lab"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text("from torch import nn\nLAYER = nn.Conv3d\n")
    (package / "nets.py").write_text(
        f"from .parts import LAYER\n\n\ndef make():\n    return LAYER({SEQUENCES}, 2, 1)\n"
    )
    predictor = load(f"{tmp_path}/some_lab.nets:make", description=DESCRIPTION, trust_code=True)
    assert set(predictor.deployment.files) == {"nets.py", WEIGHTS}


def test_the_description_lies_beside_the_code(file):
    file.with_suffix(".json").write_text('{"channels": ["T1"]}')
    with pytest.raises(InputError, match=r"own_models\.py:make does not say: outputs"):
        load(f"{file}:make", trust_code=True)
    assert not file.with_name("has_run").exists()


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        ("none", "has no function none"),
        ("NUMBER", "has no function NUMBER"),
        ("fails", r"the function fails \(RuntimeError: no weights here\)"),
        ("other", "returns a dict; let it return"),
    ],
)
def test_functions_that_make_no_network_are_refused(function, problem, file):
    with pytest.raises(InputError, match=problem) as raised:
        given(file, function, trust_code=True)
    assert len(str(raised.value).splitlines()) == 1


def test_code_that_is_not_there_or_broken_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.py does not exist"):
        given(tmp_path / "none.py", trust_code=True)
    with pytest.raises(InputError, match=r"cannot be imported .*No module named 'no_such_lab'"):
        load("no_such_lab.nets:make", description=DESCRIPTION, trust_code=True)
    (tmp_path / "broken.py").write_text("def make(:\n")
    with pytest.raises(InputError, match=r"cannot be imported \(SyntaxError"):
        given(tmp_path / "broken.py", trust_code=True)
