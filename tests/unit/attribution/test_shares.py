import numpy as np
import pandas as pd
import pytest

from mrelevance.attribution.shares import methods_of, sequences_of, share_matrix
from mrelevance.runtime.errors import InputError


def relevance_table(values, composite="epsilon", region="tumour"):
    """Rows of one composite from {patient: {sequence: share}}."""
    rows = [
        {
            "patient": patient,
            "method": composite,
            "target": "margin",
            "region": region,
            "lesion": 0,
            "sequence": sequence,
            "relevance": share,
            "relevance_pooled": share,
        }
        for patient, shares in values.items()
        for sequence, share in shares.items()
    ]
    return pd.DataFrame(rows)


def test_matrix_keeps_the_order_of_patients_and_sequences():
    table = relevance_table({"9": {"T2": 0.7, "T1": 0.3}, "10": {"T1": 0.6, "T2": 0.4}})
    matrix = share_matrix(table, "epsilon", "relevance")
    assert list(matrix.index) == ["9", "10"]
    assert list(matrix.columns) == ["T2", "T1"]
    np.testing.assert_array_equal(matrix.to_numpy(), [[0.7, 0.3], [0.4, 0.6]])


def test_only_the_asked_region_counts():
    table = pd.concat(
        [
            relevance_table({"1": {"T1": 0.2, "T2": 0.8}}),
            relevance_table({"1": {"T1": 0.9, "T2": 0.1}}, region="TP"),
        ]
    )
    assert share_matrix(table, "epsilon", "relevance").loc["1", "T1"] == 0.2
    assert share_matrix(table, "epsilon", "relevance", "TP").loc["1", "T1"] == 0.9


def test_patients_without_defined_shares_are_dropped():
    table = relevance_table({"1": {"T1": np.nan, "T2": np.nan}, "2": {"T1": 0.5, "T2": 0.5}})
    assert list(share_matrix(table, "epsilon", "relevance").index) == ["2"]


def test_no_patient_with_a_predicted_tumour_gives_an_empty_matrix():
    table = relevance_table({"1": {"T1": 0.9, "T2": 0.1}}, region="FN")
    assert share_matrix(table, "epsilon", "relevance").shape == (0, 2)


def test_the_measurement_comes_last():
    table = pd.concat(
        [relevance_table({"1": {"b": 1.0}}, name) for name in ["shapley", "zero", "epsilon"]]
    )
    assert methods_of(table) == ["zero", "epsilon", "shapley"]
    assert sequences_of(table) == ["b"]


def test_bad_tables_are_named():
    table = relevance_table({"1": {"T1": 0.2, "T2": 0.8}, "2": {"T1": 1.0, "T2": 0.0}})
    with pytest.raises(InputError, match="patient 1, sequence T1 appears twice"):
        share_matrix(pd.concat([table, table.iloc[:1]]), "epsilon", "relevance")
    with pytest.raises(InputError, match="patient 2 lacks sequence T2"):
        share_matrix(table.iloc[:3], "epsilon", "relevance")
    with pytest.raises(InputError, match="no method deeplift"):
        share_matrix(table, "deeplift", "relevance")
    with pytest.raises(InputError, match="relevance_pooled is missing"):
        share_matrix(table.drop(columns="relevance_pooled"), "epsilon", "relevance_pooled")
