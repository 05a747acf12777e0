from pathlib import Path

import pytest
import yaml

from mrelevance.runtime.configuration import check_configuration, faulty_sections
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.variants import varied

PROJECT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
SCHEMA = PROJECT / "workflow/schemas/config.schema.json"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variants": {"study": {"seed": 1}}}, "what the study itself is called"),
        ({"variants": {"T2": {"seed": 1}}}, "what a network with this sequence alone is called"),
        ({"variants": {"v": {"cohort": {"data": "x"}}}}, "v changes cohort.data, which all"),
        (
            {"variants": {"v": {"cohort": {"nifti_geometry": "sform"}}}},
            "v changes cohort.nifti_geometry, which all",
        ),
        ({"variants": {"v": {"protocol": {"subsets": "all"}}}}, "v changes protocol, which all"),
        ({"variants": {"v": {"sed": 1}}}, r"unknown key sed; did you mean seed\? \(variant v"),
        ({"variants": {"v": {"relevance": {"tau": 2}}}}, r"relevance.tau: 2 .*\(variant v; null"),
        ({"variants": {"v": {"sequences": ["T2", "DWI"]}}}, "DWI, which is not among the sequ"),
        ({"variants": {"v": {"inference": {"window": [9, 8, 8]}}}}, r"multiple of.*\(variant v"),
        ({"comparisons": {"networks": ["residul"]}}, "networks is residul, which is not among"),
        ({"comparisons": {"new": []}}, "unknown key comparisons.new"),
        ({"comparisons": {"baselines": ["rigid"]}}, "lists rigid, whose relevance.baseline is"),
        (
            {
                "variants": {"v": {"sequences": ["T2", "T1-pre"]}},
                "comparisons": {"networks": ["v"]},
            },
            "lists v, whose sequences are not the study's; list it under protocol.subsets",
        ),
    ],
)
def test_bad_variants_are_found_before_anything_runs(changes, says):
    config = varied(CONFIG, {})
    for section, entries in changes.items():
        config[section] |= entries
    with pytest.raises(InputError, match=says):
        check_configuration(config, SCHEMA)


def test_one_sequence_alone_is_refused_in_plain_words():
    config = CONFIG | {"sequences": ["T2"], "fixed_sequence": "T2"}
    with pytest.raises(InputError, match=r"sequences lists 1 of at least 2: .* add another one"):
        check_configuration(config, SCHEMA)


def test_variants_that_are_taken_away_are_not_checked():
    config = varied(CONFIG, {"training": {"patch": [12, 12, 12]}, "network": {"divisor": 4}})
    config["network"] = CONFIG["network"] | {"divisor": 4}
    config["inference"]["window"] = config["evaluation"]["maps"]["crop"] = [12, 12, 12]
    with pytest.raises(InputError, match=r"divisor, which is 8 \(variant residual; null takes"):
        check_configuration(config, SCHEMA)
    config["variants"]["residual"] = None
    check_configuration(config, SCHEMA)


def test_all_problems_are_named_at_once_a_line_each():
    config = varied(CONFIG, {"training": {"stepz": 1, "batch": "two"}, "fixed_sequence": "T9"})
    config["variants"] |= {"v": {"seed": "a"}, "w": {"cohort": {"data": "x"}}}
    config["relevance"]["composites"] = [config["figures"]["composite"], "lrp"]
    config["inference"]["window"] = [9, 8, 8]
    config["protocol"]["subsets"] = [["T2", "DWI"]]
    del config["summary"]
    with pytest.raises(InputError) as error:
        check_configuration(config, SCHEMA)
    lines = str(error.value).splitlines()
    for says in (
        "'summary' is a required property",
        "unknown key training.stepz; did you mean steps?",
        "training.batch: 'two' is not of type 'integer'",
        "fixed_sequence is T9",
        "relevance.composites: lrp is unknown",
        "inference.window is [9, 8, 8]; each number must be a multiple",
        "protocol.subsets: [T2, DWI] names DWI",
        "seed: 'a' is not of type 'integer'; see config/README.md (variant v; null takes",
        "variant w changes cohort.data",
    ):
        assert len([line for line in lines if says in line]) == 1, says
    assert len(lines) == 9, lines


def test_what_needs_a_faulty_section_is_not_checked_further():
    config = varied(CONFIG, {})
    config["relevance"] = "deeplift"
    config["sequences"] = None
    with pytest.raises(InputError) as error:
        check_configuration(config, SCHEMA)
    assert len(str(error.value).splitlines()) == 2
    assert faulty_sections(config, SCHEMA) == {"relevance", "sequences"}


def test_a_region_of_several_classes_has_no_logit_of_its_own():
    tissues = {
        "classes": {"rim": 1, "core": 2},
        "regions": {"whole tumour": ["rim", "core"]},
        "explained": "whole tumour",
    }
    check_configuration(varied(CONFIG, {"segmentation": tissues}), SCHEMA)
    logit = {"segmentation": tissues, "relevance": {"target": "tumour"}}
    with pytest.raises(InputError, match="region whole tumour has 2 classes and no logit"):
        check_configuration(varied(CONFIG, logit), SCHEMA)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"classes": {"rim": 0}}, "segmentation.classes.rim: 0 is less than the minimum of 1"),
        ({"clases": {"rim": 1}}, r"unknown key segmentation.clases; did you mean classes\?"),
        ({"lesions": "islands"}, "segmentation.lesions: 'islands' is not one of"),
        ({"explained": "core"}, "segmentation.explained: core is no region"),
    ],
)
def test_bad_declarations_of_labels_are_found_before_anything_runs(changes, says):
    with pytest.raises(InputError, match=says):
        check_configuration(varied(CONFIG, {"segmentation": changes}), SCHEMA)
