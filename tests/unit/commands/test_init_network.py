"""mrelevance init with a network that is trained already."""

import pytest
import yaml
from helpers.own_network import write_cohort, write_network

from mrelevance.__main__ import main


@pytest.fixture
def place(tmp_path):
    network = write_network(tmp_path / "nnunet")
    write_cohort(tmp_path / "images", network).joinpath("sheet.tsv").unlink()
    return tmp_path


def init(place, network):
    out = place / "mine.yaml"
    status = main(["init", str(place / "images"), "--network", str(network), "--out", str(out)])
    return status, yaml.safe_load(out.read_text())


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
