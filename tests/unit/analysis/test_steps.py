import numpy as np
import pandas as pd
import pytest

from mrelevance.analysis.catalogue import TABLES
from mrelevance.analysis.entry import Entry, Input, Table, of_test, of_variants
from mrelevance.analysis.steps import compute_tables, read_inputs, write_results
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_table, write_table

ONE = {"": "tumour"}


def variant_of(path):
    return path.split("/variants/")[1].split("/")[0] if "/variants/" in path else "study"


def entry_of(**inputs):
    return Entry("module:function", "", inputs, (Table("made"),))


@pytest.fixture
def paths(tmp_path):
    """Scores of two patients in the study and in a variant."""
    found = []
    for results, dice in (("results", 0.8), ("results/variants/other", 0.6)):
        for patient in ("P2", "P1"):
            path = tmp_path / results / "prediction" / patient / "scores.tsv"
            write_table(pd.DataFrame({"patient": [patient], "dice": [dice]}), path)
            found.append(str(path))
    return found


def test_tables_of_patients_are_stacked_in_their_order(paths):
    entry = entry_of(scores=of_test("prediction/{patient}/scores.tsv", "patient"))
    scores = read_inputs(entry, {"scores": paths[:2]}, variant_of, ONE)["scores"]
    assert list(scores["patient"]) == ["P2", "P1"]
    with pytest.raises(InputError, match="scores table: patient P2 occurs twice"):
        read_inputs(entry, {"scores": [paths[0], paths[0]]}, variant_of, ONE)


def test_tables_of_variants_come_by_name_the_studys_first(paths):
    entry = entry_of(scores=of_variants("prediction/{patient}/scores.tsv", "patient"))
    scores = read_inputs(entry, {"scores": paths}, variant_of, ONE)["scores"]
    assert list(scores) == ["study", "other"]
    assert list(scores["other"]["dice"]) == [0.6, 0.6]
    with pytest.raises(InputError, match="scores table of other: patient P1 occurs twice"):
        read_inputs(entry, {"scores": [*paths, paths[-1]]}, variant_of, ONE)


def test_single_tables_and_what_only_phantoms_have(paths):
    entry = entry_of(
        one=Input("summary/one.tsv"), truth=of_test("raw/{patient}/truth.tsv", needs_truth=True)
    )
    inputs = read_inputs(entry, {"one": paths[:1]}, variant_of, ONE)
    assert inputs["one"]["dice"].item() == 0.8 and inputs["truth"] is None


def test_other_files_are_given_as_paths_by_patient(tmp_path):
    entry = entry_of(
        maps=of_test("relevance/{patient}/volumes"),
        regions=of_test("prediction/{patient}/regions.nii.gz"),
    )
    folder = tmp_path / "results/variants/other"
    given = {
        "maps": [f"{folder}/relevance/P1/volumes"],
        "regions": [f"{folder}/prediction/{patient}/regions.nii.gz" for patient in ("P1", "P2")],
    }
    inputs = read_inputs(entry, given, variant_of, ONE)
    assert inputs["maps"] == {"P1": folder / "relevance/P1/volumes"}
    assert inputs["regions"]["P2"] == folder / "prediction/P2/regions.nii.gz"


def test_step_computes_and_writes_what_its_entry_declares(tmp_path):
    entry = TABLES["summarise_motion"]
    quality = pd.DataFrame({"patient": ["P1"], "sequence": ["T2"], "error_after_mm": [0.5]})
    made = compute_tables(entry, {"quality": quality}, {}, ONE)
    assert write_results(made, tmp_path / "summary") == [tmp_path / "summary/motion.tsv"]
    pd.testing.assert_frame_equal(read_table(tmp_path / "summary/motion.tsv"), quality)
    wrong = Entry(entry.function, "", entry.inputs, (Table("motions"),))
    with pytest.raises(ValueError, match="returns motion; declared are motions"):
        compute_tables(wrong, {"quality": quality}, {}, ONE)


def test_arrays_are_written_beside_the_tables(tmp_path):
    lesions = pd.DataFrame(columns=["patient", "region_name", "region", "lesion", "type"])
    inputs = {"lesions": lesions, "maps": {"tumour": {}}, "regions": {"tumour": {}}}
    made = compute_tables(
        TABLES["average_maps"], inputs, {"composite": "deeplift", "sequences": ["T1"]}, ONE
    )
    assert write_results(made, tmp_path) == [tmp_path / "prototypes.tsv"]
    with np.load(tmp_path / "prototypes.npz") as arrays:
        assert {name: len(arrays[name]) for name in arrays} == {"types": 0, "lesions": 0, "maps": 0}


TWO = {"/whole_tumour": "whole tumour", "/core": "core"}


def test_a_step_is_computed_for_every_region(tmp_path):
    """Each region's rows make that region's rows of the table."""
    entry = TABLES["compare_sequences"]
    rows = [
        (patient, name, "epsilon", "tumour", sequence, share, share)
        for name, of_name in (("whole tumour", 0.25), ("core", 0.75))
        for patient in ("P1", "P2", "P3", "P4")
        for sequence, share in (("T1", of_name), ("T2", 1 - of_name))
    ]
    columns = ["patient", "region_name", "method", "region", "sequence"]
    relevance = pd.DataFrame(rows, columns=[*columns, "relevance", "relevance_pooled"])
    settings = {"resamples": 10, "confidence": 0.9, "seed": 1}
    table = compute_tables(entry, {"relevance": relevance}, settings, TWO)["intervals"]
    assert table["region_name"].drop_duplicates().tolist() == ["whole tumour", "core"]
    medians = table[table["sequence"] == "T1"].groupby("region_name")["median"].unique()
    assert medians["whole tumour"] == [0.25] and medians["core"] == [0.75]


def test_files_of_regions_come_by_region_and_patient(tmp_path):
    entry = entry_of(maps=of_test("relevance/{patient}{region}/volumes"))
    given = [
        f"{tmp_path}/results/relevance/{patient}{folder}/volumes"
        for folder in TWO
        for patient in ("P1", "P2")
    ]
    maps = read_inputs(entry, {"maps": given}, variant_of, TWO)["maps"]
    assert list(maps) == ["whole tumour", "core"] and list(maps["core"]) == ["P1", "P2"]
    assert str(maps["core"]["P2"]).endswith("relevance/P2/core/volumes")


def test_truth_about_lesions_is_not_taken_for_that_of_their_parts():
    entry = TABLES["describe_lesions"]
    names = pd.Series(["whole tumour", "core"], name="region_name")
    keys = {"patient": "P1", "region": "TP", "lesion": 1}
    of_lesion = pd.DataFrame(names).assign(**keys)
    inputs = {
        "relevance": of_lesion.assign(method="deeplift", sequence="T1", relevance_pooled=1.0),
        "lesions": of_lesion.assign(region_id=1, type="HCC", volume_ml=1.0, diameter_mm=9.0),
        "contrast": of_lesion.assign(sequence="T1", contrast=2.0),
        "conspicuity": pd.DataFrame(
            {"patient": ["P1"], "lesion": [1], "sequence": ["T1"], "contrast_to_noise": [7.0]}
        ),
    }
    settings = {"composite": "deeplift", "resamples": 10, "confidence": 0.9, "seed": 1}
    features = compute_tables(entry, inputs, settings, TWO, ["core"])["lesion_features"]
    known = features.set_index("region_name")["contrast_to_noise"]
    assert known["whole tumour"] == 7 and np.isnan(known["core"])
