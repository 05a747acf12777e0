"""The commands and lines of docs/own-network.md run, and print what the page says."""

import re
import shlex
from pathlib import Path

import pytest
import torch
from helpers.nnunet import architecture, configuration, dataset, image, plans, write_folder
from helpers.own_network import write_cohort, write_network

from mrelevance.__main__ import main
from mrelevance.networks import load
from mrelevance.networks.first_patient import in_words, try_first_patient
from mrelevance.runtime.configuration_file import read_configuration
from mrelevance.runtime.images import write_image

PROJECT = Path(__file__).parents[3]
PAGE = (PROJECT / "docs/own-network.md").read_text()
NETWORK = "path/to/nnUNetTrainer__nnUNetPlans__3d_fullres"
(COMMAND,) = re.findall(r"^    python -m mrelevance (init .*)$", PAGE, re.MULTILINE)
INDENTED = re.compile(r"^    (.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    network = write_network(folder / NETWORK)
    write_cohort(folder / "IMAGES", network).joinpath("sheet.tsv").unlink()
    return folder


def shown(after):
    """Indented lines of the page after a text, without those that stand for others."""
    block = re.match(r"\n*((?:    .*\n)+)", PAGE[PAGE.index(after) + len(after) :])[1]
    return [line for line in INDENTED.findall(block) if line != "..."]


def test_init_prints_and_writes_what_the_page_shows(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(shlex.split(COMMAND)) == 0
    printed = capsys.readouterr().out.splitlines()
    lines = shown("and three patients, it says:\n")
    assert len(lines) > 5 and [line for line in lines if line not in printed] == []
    sections = re.search(r"these sections:\n\n```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    written = (place / "config/mine.yaml").read_text().replace(str(place), "/data")
    for section in sections.split("\n\n"):
        assert section.strip() in written


def test_the_first_patient_is_tried_as_the_page_shows(place):
    settings = read_configuration(place / "config/mine.yaml", PROJECT)
    (line,) = shown("together find:\n")
    assert in_words(try_first_patient(load(place / NETWORK), settings, place)) == line


def test_the_lines_of_python_run(tmp_path, monkeypatch):
    names = [f"P30_{number:04d}.nii.gz" for number in range(3)]
    for number, name in enumerate(names):
        write_image(image(number), tmp_path / name)
    described = dataset(("T1", "T1 late", "T2"))
    content = plans({"3d_fullres": configuration(3, architecture=architecture())})
    folder, networks = write_folder(tmp_path / NETWORK, content, described, mirrored=())
    predictor = load(folder)
    channels = predictor.deployment.channels
    files = dict(zip(channels, (tmp_path / name for name in names), strict=True))
    logits = predictor.logits(predictor.preprocess(files).image)
    # So that a twentieth of the voxels is tumour.
    shift = torch.quantile(logits[2] - logits[:2].amax(0), 0.95)
    networks[0].decoder.seg_layers[-1].bias.data[2] -= shift
    write_folder(folder, content, described, networks=networks, mirrored=())
    monkeypatch.chdir(tmp_path)
    (snippet,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names = {}
    exec(snippet, names)
    assert names["tumour"].any()
    for parts in (names["parts"], names["measured"]):
        assert parts.shape[0] == 3
    change = names["change"][2] - names["change"][0]
    measured = names["measured"].sum(0)
    assert float((measured - change[names["tumour"]]).abs().max()) < 1e-3
    assert float((names["parts"].sum(0) - change[names["tumour"]]).abs().max()) < 1e-3
