from pathlib import Path

import pytest
import yaml

from mrelevance.runtime.configuration import (
    check_cache_folder,
    check_configuration,
    check_free_space,
    expected_bytes,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.variants import varied

PROJECT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
SCHEMA = PROJECT / "workflow/schemas/config.schema.json"


def test_disk_that_is_too_small_is_an_error(tmp_path):
    check_free_space(tmp_path, 0)
    with pytest.raises(InputError, match=r"need about 1000000000\.0 GB"):
        check_free_space(tmp_path, 1e18)


def test_more_patients_voxels_and_composites_need_more_space():
    small = expected_bytes(1e6, 0.3, 2)
    assert expected_bytes(2e6, 0.3, 2) == 2 * small
    assert expected_bytes(1e6, 0.3, 4) > small
    assert expected_bytes(1e6, 0.5, 2) > small


def test_folder_of_the_cache_must_be_of_use(tmp_path, monkeypatch):
    check_cache_folder(str(tmp_path))
    for folder, says in (
        (None, "SNAKEMAKE_OUTPUT_CACHE; give"),
        ("", "SNAKEMAKE_OUTPUT_CACHE; give"),
        ("cache", "cache is not a full path"),
        (str(tmp_path / "cache"), "cache does not exist"),
    ):
        with pytest.raises(InputError, match=says):
            check_cache_folder(folder)
    # For an administrator, whom permissions do not stop, every folder can be written to.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(InputError, match="cannot be written to; give the full path of a folder"):
        check_cache_folder(str(tmp_path))


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


def test_variants_that_are_taken_away_are_not_checked():
    config = varied(CONFIG, {"training": {"patch": [12, 12, 12]}, "network": {"divisor": 4}})
    config["network"] = CONFIG["network"] | {"divisor": 4}
    config["inference"]["window"] = config["evaluation"]["maps"]["crop"] = [12, 12, 12]
    with pytest.raises(InputError, match=r"divisor, which is 8 \(variant residual; null takes"):
        check_configuration(config, SCHEMA)
    config["variants"]["residual"] = None
    check_configuration(config, SCHEMA)
