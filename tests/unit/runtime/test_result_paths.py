import pytest

from mrelevance.runtime.result_paths import (
    STUDY,
    is_new,
    patient_of,
    results_of,
    variant_of,
    without_variant,
)


def test_paths_tell_their_variant():
    assert variant_of("results/model/weights.pt") == STUDY
    assert variant_of("results/variants/v/model/weights.pt") == "v"
    assert variant_of("results/variants/T1-pre,T2") == "T1-pre,T2"
    assert results_of(STUDY) == "results"
    assert variant_of(results_of("v")) == "v"


def test_a_result_has_the_same_place_in_study_and_variant():
    assert without_variant("results/variants/v/raw/P1/T2.nii.gz") == "results/raw/P1/T2.nii.gz"
    assert without_variant("results/raw/P1/T2.nii.gz") == "results/raw/P1/T2.nii.gz"


@pytest.mark.parametrize("region", ["", "/whole_tumour"])
@pytest.mark.parametrize("results", ["results", "results/variants/rigid"])
def test_patient_is_the_folder_below_the_stage(results, region):
    assert patient_of(f"{results}/prediction/P1{region}/regions.nii.gz") == "P1"
    assert patient_of(f"{results}/relevance/P1{region}/volumes") == "P1"


def test_the_guide_alone_makes_no_results(tmp_path):
    assert is_new(tmp_path / "results")
    (tmp_path / "README.md").write_text("")
    assert is_new(tmp_path)
    (tmp_path / "raw").mkdir()
    assert not is_new(tmp_path)
