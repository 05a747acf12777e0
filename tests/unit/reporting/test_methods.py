"""The generated texts: methods and checklist."""

import re
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from snakemake.utils import update_config

from mrelevance.reporting.citations import CITATIONS
from mrelevance.reporting.facts import study_facts
from mrelevance.reporting.machine import versions
from mrelevance.reporting.text import fill
from mrelevance.runtime.methods import COMPOSITES, MAPPED
from mrelevance.runtime.methods import METHODS as DECLARED

ROOT = Path(__file__).parents[3]
METHODS, CHECKLIST = (
    (ROOT / f"workflow/report/{name}.md").read_text() for name in ("methods", "claim_checklist")
)
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())
CARD = {
    "weights": "of epoch 7: best mean Dice of the validation patients",
    "hardware": {"device": "cpu", "threads": 2},
    "intended_use": "Research.",
    "channels": ["T1", "T2"],
    "classes": ["background", "tumour"],
    "weights_sha256": "f" * 64,
}
VERSIONS = versions()
OWN = {
    "sequences": ["FLAIR", "T1", "T2"],
    "fixed_sequence": "FLAIR",
    "cohort": {"source": "images", "patients": "config/mine.tsv"},
}


def split_table(excluded=0, validation=1):
    parts = ["train"] * 3 + ["validation"] * validation + ["test"] * 2 + ["excluded"] * excluded
    return pd.DataFrame({"patient": [f"p{k}" for k in range(len(parts))], "split": parts})


def agreement_table(contrast):
    return pd.DataFrame(
        {
            "region_name": ["tumour"],
            "method": ["deeplift"],
            "baseline_contrast": [contrast],
            "verdict": ["follows the measurement"],
        }
    )


def facts(changes=None, record=None, **tables):
    """Facts of a small study under the shipped configuration and some changes to it."""
    config = deepcopy(CONFIG)
    update_config(config, changes or {})
    known = {
        "split": split_table(),
        "motion": pd.DataFrame(
            {
                "method": ["deformable", "rigid"],
                "flag": ["good", "check"],
                "error_before_mm": [8.0, np.nan],
                "error_after_mm": [0.5, np.nan],
            }
        ),
        "scores": pd.DataFrame(
            {
                "region_name": "tumour",
                "dice": [0.9, 0.5],
                "surface_distance_mm": [1.0, np.nan],
                "lesions": [3, 2],
                "detected": [2, 1],
                "false_positives": [1, 0],
            }
        ),
        "agreement": agreement_table(np.nan),
    }
    description = {
        "recorded": "2026-01-02T10:00:00+00:00",
        "commit": "abcdef",
        "configuration": config,
        "inputs": {"split": "sample sheet", "subjects": False},
        "versions": VERSIONS,
        "container": None,
        "hardware": {"processor": "Zx80", "cores": 2, "memory_gb": 8.1, "gpus": []},
        "rules": {
            "train_network": {"total_s": 540.0, "peak_mb": 1500.0},
            "split_cohort": {"total_s": 60.0, "peak_mb": None},
        },
        "from_cache": {},
    } | (record or {})
    return study_facts(description, CARD, 123456, known | tables)


def cited_and_listed(text):
    """Short names of the works that a text cites, and of those in its list of references."""
    body, _, entries = re.split(r"^## (References?)$", text, flags=re.MULTILINE)
    shorts = {citation.short for citation in CITATIONS.values()}
    brackets = re.findall(r"\(([^()]*\b(?:19|20)\d\d)\)", body)
    cited = {name for bracket in brackets for name in bracket.split("; ")}
    assert cited <= shorts, cited - shorts
    in_list = {citation.short for citation in CITATIONS.values() if citation.entry in entries}
    assert len(in_list) == len(re.findall(r"^(?:\d+\. )?\w.*\d\.?.*$", entries, re.MULTILINE))
    return cited, in_list


CHANGES = {
    "phantom": {},
    "decoy": {"phantom": {"known_answer": "decoy", "motion_mm": [0, 0]},
              "motion": {"method": "none"}},
    "single source": {"phantom": {"known_answer": "single_source", "known_answer_sequence": "T2"}},
    "own": OWN,
    "own, rigid": OWN | {"motion": {"method": "rigid", "interpolation": "linear"}},
    "resampled": {"preprocess": {"spacing_mm": [2, 2, 3]}},
    "zero": {"relevance": {"baseline": "zero", "target": "tumour"}},
    "shuffled": {"relevance": {"baseline": "shuffled"}, "motion": {"on_failure": "exclude"}},
    "many sequences": {"sequences": CONFIG["sequences"] + ["A", "B", "C"],
                       "phantom": {"t2_weighted": ["T2", "A", "B", "C"]}},
    "every method": {"relevance": {"composites": list(COMPOSITES)},
                     "evaluation": {"maps": {"methods": list(MAPPED)}}},
    "parameters": {"relevance": {"composites": [{"name": "epsilon", "epsilon": 0.25}]},
                   "figures": {"composite": "epsilon-0.25"}},
    "other network": {"network": {"name": "SegResNet"}, "training": {"precision": "float32"}},
    "no flips": {"training": {"augmentation": {"flip_axes": []}},
                 "motion": {"on_failure": "continue"}},
}  # fmt: skip


@pytest.mark.parametrize("template", [METHODS, CHECKLIST], ids=["methods", "checklist"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_no_text_has_gaps(template, changes):
    text = fill(template, facts(changes))
    assert not re.search(r"\bNone\b(?!( by|:))|\bnan\b|\{\{|\{%|\}\}|Undefined", text)
    assert not re.search(r" [.,;:]|\.\.|,,|\( | \)", text)
    assert "  " not in text


@pytest.mark.parametrize("template", [METHODS, CHECKLIST], ids=["methods", "checklist"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_what_is_cited_is_listed_and_nothing_else(template, changes):
    cited, in_list = cited_and_listed(fill(template, facts(changes)))
    assert cited == in_list
    assert cited


@pytest.mark.parametrize(
    ("section", "key", "value", "sentence"),
    [
        ("training", "steps", 777, "for 777 steps"),
        ("training", "batch", 5, "batches of 5 patches"),
        ("training", "patch", [40, 48, 56], "40 x 48 x 56 voxels"),
        ("training", "learning_rate", 0.00321, "of 0.00321 at most"),
        ("training", "warmup_share", 0.35, "the first 35 % of the steps"),
        ("inference", "lesion_overlap", 0.25, "at least 25 % of its voxels"),
        ("relevance", "tau", 0.17, "less than 0.17 of their output"),
        ("relevance", "statistics", "frozen", "keep the statistics of the image"),
        ("summary", "resamples", 1234, "1234 resamples"),
        ("summary", "confidence", 0.9, "90 % percentile bootstrap"),
        ("phantom", "dose_ml_per_kg", 0.2, "0.2 mL per kg"),
        ("phantom", "motion_mm", [3, 9], "by 3 to 9 mm at its peak"),
        ("motion", "search_mm", 31, "up to 31 mm"),
        ("motion", "bending_energy", 4321, "4321 times the bending energy"),
        ("preprocess", "margin_mm", 13, "margin of 13 mm"),
        ("evaluation", "precision", "float32", "Passes were computed in float32"),
    ],
)
def test_configured_values_are_in_the_methods(section, key, value, sentence):
    assert sentence not in fill(METHODS, facts())
    assert sentence in fill(METHODS, facts({section: {key: value}}))


def test_methods_follow_the_kind_of_study():
    phantom, own = fill(METHODS, facts()), fill(METHODS, facts(OWN))
    assert "simulated with a digital phantom" in phantom and "dcmri" in phantom
    assert "config/mine.tsv" in own and "dcmri" not in own and "phantom" not in own
    assert "3 patients were for training, 1 for validation" in own
    rigid = fill(METHODS, facts({"motion": {"method": "rigid"}}))
    assert "registered rigidly" in rigid and "B-splines (Rueckert" not in rigid
    none = fill(METHODS, facts({"motion": {"method": "none"}}))
    assert "without registration" in none and "mutual information" not in none
    assert "64 forward passes" in phantom
    assert "32 random orders" in fill(METHODS, facts(CHANGES["many sequences"]))
    excluded = fill(METHODS, facts(split=split_table(excluded=2)))
    assert "2 patients were excluded" in excluded
    split = split_table()
    split.loc[0, "split"] = "incomplete"
    for text in (METHODS, CHECKLIST):
        assert "they lacked a sequence" in fill(text, facts(OWN, split=split))
        assert "p0" in fill(text, facts(OWN, split=split))
        assert "they lacked a sequence" not in fill(text, facts(OWN))
    unvalidated = fill(METHODS, facts(split=split_table(validation=0)))
    assert "there was no validation" in unvalidated and "after the last step" in unvalidated
    drawn = fill(METHODS, facts(record={"inputs": {"split": "drawn", "subjects": True}}))
    assert f"drawn at random from the seed {CONFIG['seed']}" in drawn
    assert "all visits of a person are in one of them" in drawn
    masked = {"split": "drawn", "subjects": False, "images": {"A": {"mask": {}}}}
    assert "given mask of the organ" in fill(METHODS, facts(OWN, record={"inputs": masked}))


def test_methods_warn_of_a_baseline_that_normalisation_blows_up():
    assert "contrast of a baseline" not in fill(METHODS, facts())
    low = fill(METHODS, facts(agreement=agreement_table(0.0123)))
    assert "was 0.012; **below 0.1, no rule that starts from this baseline" in low
    enough = fill(METHODS, facts(agreement=agreement_table(0.7)))
    assert "was 0.7; rules are trusted from 0.1 on" in enough


def test_methods_name_the_parameters_of_composites():
    text = fill(METHODS, facts(CHANGES["parameters"]))
    assert "LRP-epsilon with a stabiliser of 0.25 times" in text
    assert "For epsilon 0.25 the relevance of each lesion" in text


def test_methods_name_versions_and_machine():
    text = fill(METHODS, facts())
    packages = VERSIONS["packages"]
    for name in ("torch", "monai", "scipy", "snakemake", "dcmri", "mrelevance"):
        assert packages[name] in text, name
    assert "commit abcdef" in text and "Zx80" in text and "no GPU" in text
    assert "123,456 trainable parameters" in text
    uncommitted = fill(METHODS, facts(record={"commit": None}))
    assert "(no commit is known, as the folder is not a git repository)" in uncommitted
    inside = fill(METHODS, facts(record={"container": {"image": "study.sif", "sha256": None}}))
    assert "container image study.sif" in inside


def test_network_that_is_not_known_is_cited_as_of_monai():
    text = fill(METHODS, facts({"network": {"name": "HighResNet"}}))
    assert "the HighResNet of MONAI" in text and "(Cardoso et al. 2022) with" in text


def test_checklist_has_every_item_once_and_says_whose_it_is():
    for changes in ({}, OWN):
        text = fill(CHECKLIST, facts(changes))
        items = re.findall(r"^- \[([ x])\] \*\*(\d+)\. [^*]+\.\*\* ?(.*)$", text, re.MULTILINE)
        assert [int(number) for _, number, _ in items] == list(range(1, 45))
        for box, number, content in items:
            assert content, number
            assert ("*Yours:*" in content) == (box == " "), number
        answered = sum(box == "x" for box, _, _ in items)
        left = sum(content.startswith("*Yours:*") for _, _, content in items)
        partly = 44 - answered - left
        assert f"{answered} items are answered, {partly} are answered in part, {left} are" in text


def test_checklist_leaves_people_to_people():
    simulated, own = fill(CHECKLIST, facts()), fill(CHECKLIST, facts(OWN))
    assert "- [x] **11." in simulated and "- [ ] **11." in own
    assert "Median Dice 0.70 (0.50 to 0.90 over 2 patients)" in own
    assert "3 of 5 lesions detected, 1 false positives" in own
    assert "It took 10 minutes of work in all jobs, none with more than 1.5 GB" in own
    assert "came from a cache" not in own
    shared = fill(
        CHECKLIST,
        facts(record={"from_cache": {"train_network": 1, "compute_gradient_methods": 20}}),
    )
    assert "The results of 21 more jobs came from a cache; their time is not in it." in shared


def test_undefined_scores_are_left_out():
    empty = facts()["explained"][0]["scores"]
    assert empty["surface_distance_mm"] == 1.0
    scores = pd.DataFrame(
        {
            "region_name": ["tumour"], "dice": [np.nan], "surface_distance_mm": [np.nan],
            "lesions": [0], "detected": [0], "false_positives": [0],
        }
    )  # fmt: skip
    text = fill(CHECKLIST, facts(scores=scores))
    assert "Dice" in text and "Median Dice" not in text


def test_every_citation_is_used_by_some_template():
    named = set(re.findall(r'"(\w+\d{4})"', METHODS + CHECKLIST))
    named |= {key for method in DECLARED.values() for key in method.citations}
    assert named == set(CITATIONS)
