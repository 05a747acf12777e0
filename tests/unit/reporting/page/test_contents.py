"""Figures, tables and answers of a study on its report page."""

import base64
import gzip

import pytest
import yaml
from helpers.report_study import CAPTIONS, finished_study

from mrelevance.figures.catalogue import FIGURES
from mrelevance.reporting.page.contents import FIRST, figures_of, sections, tables_of
from mrelevance.reporting.page.summary import answers_of, cautions_of


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return finished_study(tmp_path_factory.mktemp("study"), 3, ("T1", "T2"))


def test_every_figure_of_the_study_has_its_place_and_its_files(study):
    figures = figures_of(study, CAPTIONS, "")
    assert {figure["name"] for figure in figures} == {
        entry.name for entry in FIGURES.values() if entry.target == "all"
    }
    parts = sections(figures)
    assert list(parts)[-1] == "Technical checks"
    shown = [figure["name"] for part in parts.values() for figure in part]
    assert sorted([*shown, FIRST]) == sorted(figure["name"] for figure in figures)
    for figure in figures:
        assert figure["says"] and figure["guide"] and len(figure["alternative"]) > 40
        svg = gzip.decompress(base64.b64decode(figure["downloads"][0]["packed"]))
        assert svg.startswith(b"<svg") and figure["downloads"][1]["kind"] == "PDF"


def test_tables_are_those_that_are_there(study):
    tables = tables_of(study, CAPTIONS)
    names = {table["name"] for table in tables}
    assert {"relevance", "intervals", "pairwise"} <= names
    assert names.isdisjoint({"selection", "ensemble_distance"})
    assert all(table["title"] and table["says"] for table in tables)


def test_the_distance_of_fewer_members_is_among_the_tables(tmp_path):
    config = yaml.safe_load((CAPTIONS.parents[1] / "config/config.yaml").read_text())
    one_fold = {
        "network": config["network"] | {"source": "network"},
        "inference": config["inference"] | {"folds": [0]},
    }
    tables = tables_of(finished_study(tmp_path, 1, **one_fold), CAPTIONS)
    assert "ensemble_distance" in {table["name"] for table in tables}


def test_answers_and_warnings_lead_to_figures_that_are_there(study):
    there = {figure["id"] for figure in figures_of(study, CAPTIONS, "")}
    found = [*answers_of(study, "", "tumour"), *cautions_of(study, "", "tumour")]
    assert len(found) >= 5 and {part["link"] for part in found} <= there


def test_a_network_trained_elsewhere_has_no_training_to_show(tmp_path):
    study = finished_study(tmp_path, 1, ("T1", "T2"), network={"source": "networks/liver"})
    (tmp_path / "results/figures/learning_curve.png").unlink()
    assert "learning_curve" not in {figure["name"] for figure in figures_of(study, CAPTIONS, "")}
    dropped = answers_of(study, "", "tumour")[2]["text"]
    assert "where this network was trained" in dropped and "make reproduce" not in dropped
