import pandas as pd
import pytest

from mrelevance.evaluation.agreement import (
    agreement,
    agreement_summary,
    compare_methods,
    summarise_agreement,
    verdict,
)
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR"]


def table_of(**shares):
    """Relevance table from method=[shares of patient 0, of patient 1, ...]."""
    return pd.DataFrame(
        [
            {
                "patient": f"{p:02d}",
                "method": method,
                "region": "tumour",
                "sequence": sequence,
                "relevance": 0.0,
                "relevance_pooled": share,
            }
            for method, patients in shares.items()
            for p, values in enumerate(patients)
            for sequence, share in zip(SEQUENCES, values, strict=True)
        ]
    )


def test_worked_example():
    table = table_of(
        reversed=[[0.1, 0.3, 0.6]], swapped=[[0.6, 0.1, 0.3]], shapley=[[0.6, 0.3, 0.1]]
    )
    result = agreement(table).set_index("method")
    assert list(result.index) == ["reversed", "swapped"]
    assert result.loc["reversed", "kendall_tau"] == pytest.approx(-1)
    assert result.loc["reversed", "same_first"] == 0
    assert result.loc["reversed", "l1_distance"] == pytest.approx(1.0)
    assert result.loc["swapped", "kendall_tau"] == pytest.approx(1 / 3)
    assert result.loc["swapped", "same_first"] == 1
    assert result.loc["swapped", "l1_distance"] == pytest.approx(0.4)


def test_equal_shares_have_no_rank_correlation():
    result = agreement(table_of(even=[[1 / 3] * 3], shapley=[[0.6, 0.3, 0.1]]))
    assert result["kendall_tau"].isna().all()
    assert result["l1_distance"].notna().all()


def test_the_measurement_itself_follows_the_measurement():
    truth = [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.6, -0.1]] * 2
    summary = agreement_summary(agreement(table_of(same=truth, shapley=truth)), 100, 0.95, 0)
    row = summary.iloc[0]
    assert (row["n"], row["same_first"]) == (6, 6)
    assert row["kendall_tau"] == row["tau_low"] == row["tau_high"] == 1
    assert row["l1_distance"] == row["l1_high"] == 0
    assert row["verdict"] == "follows the measurement"


@pytest.mark.parametrize(
    ("tau", "distance", "first", "expected"),
    [
        (0.9, 0.35, 19, "follows the measurement"),
        (0.9, 0.36, 20, "approximates the measurement: amounts differ (L1 0.36)"),
        (0.89, 0.2, 18, "approximates the measurement: first sequence right in 18/20, order"),
        (0.43, 1.13, 20, "misleading: order differs (tau 0.43), amounts differ (L1 1.13)"),
        (0.95, 0.2, 15, "misleading: first sequence right in 15/20"),
        (float("nan"), 0.2, 20, "misleading: order differs"),
    ],
)
def test_verdicts(tau, distance, first, expected):
    assert verdict(tau, distance, first, 20, fewest=6).startswith(expected)


@pytest.mark.parametrize(
    ("patients", "verdict"),
    [(1, "not judged: 1 patient"), (5, "not judged: 5 patients"), (6, "follows the measurement")],
)
def test_few_patients_are_not_judged(patients, verdict):
    shares = [[0.6, 0.3, 0.1]] * patients
    compared = agreement(table_of(rule=shares, shapley=shares))
    row = agreement_summary(compared, 100, 0.95, 0).iloc[0]
    assert row["verdict"] == verdict
    assert pd.isna(row["tau_low"]) == (patients == 1)


def test_no_predicted_tumour_gives_empty_tables_with_their_columns():
    table = table_of(rule=[[0.6, 0.3, 0.1]], shapley=[[0.6, 0.3, 0.1]])
    table["region"] = "FN"
    empty = agreement(table)
    assert empty.empty and "kendall_tau" in empty
    assert list(agreement_summary(empty, 100, 0.95, 0).columns)[-1] == "verdict"


@pytest.mark.parametrize(
    ("method", "contrast", "trusted"),
    [
        ("deeplift", 0.004, False),
        ("deeplift", 0.5, True),
        ("deeplift", float("nan"), True),
        ("integrated_gradients", 0.004, False),
        ("epsilon", 0.004, True),  # has no baseline
        ("halves", 0.004, True),  # measured
    ],
)
def test_a_baseline_that_normalisation_blows_up_is_not_trusted(method, contrast, trusted):
    truth = [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.6, -0.1]] * 2
    table = table_of(deepshap=truth, **{method: truth}, shapley=truth)
    first = (table["method"] == "deepshap") & (table["patient"] == "01")
    table.loc[first, "baseline_contrast"] = contrast
    row = agreement_summary(agreement(table), 100, 0.95, 0).set_index("method").loc[method]
    if trusted:
        assert row["verdict"] == "follows the measurement"
    else:
        assert row["baseline_contrast"] == contrast
        expected = "not to be trusted: normalisation blows up the baseline (contrast 0.004)"
        assert row["verdict"] == expected


def test_missing_measurement_is_an_error():
    with pytest.raises(InputError, match="no method shapley"):
        agreement(table_of(rule=[[0.6, 0.3, 0.1]]))


def test_steps_compare_every_method_and_summarise():
    shares = [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]] * 2
    names = ("epsilon", "drop_one", "gradient", "shapley")
    compared = compare_methods(*(table_of(**{name: shares}) for name in names))["agreement"]
    assert list(compared["method"].unique()) == ["epsilon", "drop_one", "gradient"]
    summary = summarise_agreement(compared, 100, 0.95, 0)["agreement_summary"]
    assert (summary["verdict"] == "follows the measurement").all()
