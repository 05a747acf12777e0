"""The commands and lines of docs/own-network-formats.md run, and print what the page says."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from helpers.models import patient_images, write_model

from mrelevance.__main__ import main
from mrelevance.networks import load
from mrelevance.networks.imported.description import MEANINGS, complete_description
from mrelevance.runtime.images import image_like, to_array, write_image

PAGE = (Path(__file__).parents[3] / "docs/own-network-formats.md").read_text()
PARTS = re.compile(
    r"^```(\w*)\n(.*?)^```|^    python -m mrelevance ([^\n]*)$", re.DOTALL | re.MULTILINE
)
"""A block with its language, or a command."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a trained network and the images of two patients."""
    folder = tmp_path_factory.mktemp("formats")
    write_model(folder / "results/model")
    images = patient_images()
    lesion = np.zeros(to_array(images["T1"]).shape, np.uint8)
    lesion[4:7, 8:12, 8:12] = 1
    images["label"] = image_like(lesion, images["T1"])
    for patient in ("A", "B"):
        for name, image in images.items():
            write_image(image, folder / f"scans/{patient}/{name}.nii.gz")
    return folder


def test_the_page_runs_from_top_to_bottom(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    names, printed = {}, ""
    for language, block, command in PARTS.findall(PAGE):
        named = re.match(r"# (\S+\.(?:yaml|py))\n", block)
        if named:
            Path(named[1]).write_text(block)
        elif language == "python":
            exec(block, names)
            printed = capsys.readouterr().out
        elif command:
            status, captured = main(shlex.split(command)), capsys.readouterr()
            assert status == bool(captured.err)
            printed = captured.err or captured.out
        elif not language:
            assert printed == block
    for written in ("network.pt", "program.pt2", "bundle"):
        assert load(written).deployment.facts["steps"] == "90"
    assert torch.equal(names["predictor"].logits(torch.ones(3, 8, 8, 8)), constant(names))
    assert yaml.safe_load(Path("mine.yaml").read_text())["network"]["trust_code"] is True
    assert not Path("other.yaml").exists()


def constant(names):
    with torch.no_grad():
        return names["network"](torch.ones(1, 3, 8, 8, 8))[0]


def test_the_page_lists_every_key_of_a_description():
    keys = {key for row in re.findall(r"^\| (`.*?) \| ", PAGE, re.MULTILINE) for key in named(row)}
    assert set(MEANINGS) <= keys


def named(cell):
    return re.findall(r"`(\w+)`", cell)


def test_descriptions_on_the_page_are_complete():
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    first, regions = map(yaml.safe_load, blocks)
    assert complete_description(first, "lesions.pt").channels == ("T1", "T2", "FLAIR")
    described = complete_description(first | regions, "lesions.pt")
    assert described.outputs.members == {"whole tumour": (1, 2), "core": (2,)}
