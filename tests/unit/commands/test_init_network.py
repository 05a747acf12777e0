"""mrelevance init with a network that is trained already."""

import shutil

import pytest
import yaml
from helpers.own_network import write_cohort, write_network

from mrelevance.__main__ import main


@pytest.fixture
def place(tmp_path):
    network = write_network(tmp_path / "nnunet")
    write_cohort(tmp_path / "images", network).joinpath("sheet.tsv").unlink()
    return tmp_path


def init(place, network, *options):
    out = place / "mine.yaml"
    arguments = ["init", str(place / "images"), "--network", str(network), "--out", str(out)]
    status = main([*arguments, *options])
    return status, yaml.safe_load(out.read_text()) if out.exists() else None


def test_equal_names_are_enough(place, capsys):
    status, config = init(place, place / "nnunet")
    printed = capsys.readouterr().out
    assert status == 0
    assert config["network"] == {
        "source": str(place / "nnunet"), "channels": None, "divisor": 4,
    }  # fmt: skip
    assert config["sequences"] == ["T1", "T2"]
    assert config["inference"] == {"folds": None, "mirroring": True}
    assert "training" not in config
    assert "preprocess" not in config
    assert "all are for test" in printed
    assert "4 members are averaged and explained" in printed


def test_an_exported_archive_is_a_network(place):
    archive = shutil.make_archive(str(place / "exported"), "zip", place / "nnunet")
    status, config = init(place, archive)
    assert status == 0
    assert config["network"]["source"] == archive
    assert config["sequences"] == ["T1", "T2"]


def test_other_names_are_asked_for_and_not_guessed(place, capsys):
    other = write_network(place / "other", channels=("early", "late"))
    status, config = init(place, other)
    assert status == 1
    assert config["network"]["channels"] == {"T1": "?", "T2": "?"}
    assert "write in network.channels which is which" in capsys.readouterr().out


def test_the_sequences_come_in_the_order_of_the_channels(place):
    turned = write_network(place / "turned", channels=("T2", "T1"))
    status, config = init(place, turned)
    assert status == 0
    assert config["sequences"] == ["T2", "T1"]
    assert config["network"]["channels"] is None


FACTORY = """
from pathlib import Path

from torch import nn

Path(__file__).with_name("has_run").touch()


def make():
    return nn.Conv3d(2, 2, 3, padding=1)
"""


@pytest.fixture
def factory(place):
    (place / "models.py").write_text(FACTORY)
    said = {
        "channels": ["T1", "T2"], "outputs": {"background": 0, "tumour": 1}, "heads": "softmax",
        "preprocessing": [], "axes": "xyz", "window": "whole",
    }  # fmt: skip
    (place / "models.yaml").write_text(yaml.safe_dump(said))
    return f"{place}/models.py:make"


def test_code_runs_with_trust_alone(place, factory, capsys):
    assert init(place, factory) == (1, None)
    (line,) = capsys.readouterr().err.splitlines()
    assert f"the function make of {place}/models.py would be run" in line
    assert "--trust-code on the command line" in line
    assert not (place / "has_run").exists()


def test_the_study_is_told_of_the_trust(place, factory):
    status, config = init(place, factory, "--trust-code")
    assert status == 0
    assert config["network"]["source"] == factory
    assert config["network"]["trust_code"] is True
    assert (place / "has_run").exists()


def test_trust_without_code_is_an_error(place, capsys):
    assert init(place, place / "nnunet", "--trust-code") == (1, None)
    assert "is no module:function" in capsys.readouterr().err
