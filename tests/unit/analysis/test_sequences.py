import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, rankdata, wilcoxon

from mrelevance.analysis.sequences import (
    compare_sequences,
    friedman,
    intervals,
    pairwise,
    summarise_relevance,
)
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR", "DWI"]


def table_of(shares, method="epsilon", sequences=SEQUENCES):
    """Relevance table of a (patients, sequences) array; the pooled measure is reversed."""
    return pd.DataFrame(
        [
            {
                "patient": str(p),
                "method": method,
                "region": "tumour",
                "sequence": sequence,
                "relevance": shares[p, c],
                "relevance_pooled": shares[p, -1 - c],
            }
            for p in range(len(shares))
            for c, sequence in enumerate(sequences)
        ]
    )


@pytest.fixture
def shares():
    return np.random.default_rng(0).dirichlet([1, 2, 3, 4], size=12)


def only(table, measure="relevance"):
    return table[table["measure"] == measure].reset_index(drop=True)


def test_friedman_against_its_formula(shares):
    n, k = shares.shape
    ranks = np.apply_along_axis(rankdata, 1, shares).sum(axis=0)
    chi2 = 12 / (n * k * (k + 1)) * (ranks**2).sum() - 3 * n * (k + 1)
    row = only(friedman(table_of(shares))).iloc[0]
    assert row["chi2"] == pytest.approx(chi2)
    assert row["p"] == pytest.approx(friedmanchisquare(*shares.T).pvalue)
    assert row["kendall_w"] == pytest.approx(chi2 / (n * (k - 1)))
    assert (row["n"], row["sequences"]) == (n, k)


def test_perfect_concordance_has_w_one(shares):
    row = only(friedman(table_of(np.sort(shares, axis=1)))).iloc[0]
    assert row["kendall_w"] == pytest.approx(1)


def test_equal_shares_have_no_friedman_statistic():
    row = only(friedman(table_of(np.full((5, 4), 0.25)))).iloc[0]
    assert np.isnan(row["chi2"]) and np.isnan(row["kendall_w"]) and row["n"] == 5


def test_positive_shares_are_compared_as_log_ratios(shares):
    row = only(pairwise(table_of(shares))).iloc[0]
    difference = np.log(shares[:, 0] / shares[:, 1])
    expected = wilcoxon(difference)
    assert (row["sequence_a"], row["sequence_b"], row["scale"]) == ("T1", "T2", "log-ratio")
    assert row["statistic"] == expected.statistic
    assert row["p"] == pytest.approx(expected.pvalue)
    assert row["median_difference"] == pytest.approx(np.median(difference))


def test_negative_shares_are_compared_as_they_are(shares):
    shares[3] = [-0.1, 0.3, 0.3, 0.5]
    row = only(pairwise(table_of(shares))).iloc[0]
    assert row["scale"] == "share"
    assert row["p"] == pytest.approx(wilcoxon(shares[:, 0] - shares[:, 1]).pvalue)


def test_all_pairs_once(shares):
    pairs = only(pairwise(table_of(shares)))
    assert len(pairs) == 6
    assert (
        len({frozenset(pair) for pair in zip(pairs.sequence_a, pairs.sequence_b, strict=True)}) == 6
    )


def test_correction_is_per_method_and_measure(shares):
    both = pd.concat([table_of(shares), table_of(shares[::-1] ** 2, "zero")])
    alone = pairwise(table_of(shares))
    together = pairwise(both)
    pd.testing.assert_frame_equal(
        together[together["method"] == "epsilon"].reset_index(drop=True), alone
    )


def test_permuted_sequences_permute_the_results(shares):
    order = [2, 0, 3, 1]
    permuted = table_of(shares[:, order], sequences=[SEQUENCES[c] for c in order])
    first = only(intervals(table_of(shares), 300, 0.95, 1)).set_index("sequence")
    second = only(intervals(permuted, 300, 0.95, 1)).set_index("sequence")
    pd.testing.assert_frame_equal(first, second.loc[SEQUENCES])
    assert only(friedman(permuted))["chi2"][0] == pytest.approx(
        only(friedman(table_of(shares)))["chi2"][0]
    )

    def by_pair(table):
        pairs = [frozenset(pair) for pair in zip(table.sequence_a, table.sequence_b, strict=True)]
        return dict(zip(pairs, table["p_holm"], strict=True))

    expected = by_pair(only(pairwise(table_of(shares))))
    assert by_pair(only(pairwise(permuted))) == pytest.approx(expected)


def test_intervals_of_both_measures(shares):
    result = intervals(table_of(shares), 300, 0.95, 1)
    medians = only(result).set_index("sequence")["median"]
    pooled = only(result, "relevance_pooled").set_index("sequence")["median"]
    np.testing.assert_allclose(medians[SEQUENCES], np.median(shares, axis=0))
    np.testing.assert_allclose(pooled[SEQUENCES], np.median(shares, axis=0)[::-1])


@pytest.mark.parametrize("patients", [1, 2])
def test_few_patients_give_na_and_their_number(shares, patients):
    table = table_of(shares[:patients])
    for result, column in [
        (intervals(table, 100, 0.95, 0), "ci_low"),
        (friedman(table), "p"),
        (pairwise(table), "p_holm"),
    ]:
        assert result[column].isna().all()
        assert (result["n"] == patients).all()


def test_two_sequences_have_no_friedman_test(shares):
    table = table_of(shares[:, :2], sequences=["T1", "T2"])
    assert friedman(table)["p"].isna().all()
    assert pairwise(table)["p"].notna().all()


def test_equal_sequences_do_not_differ():
    shares = np.tile([0.3, 0.3, 0.1, 0.3], (6, 1))
    row = only(pairwise(table_of(shares))).iloc[0]
    assert row["p"] == 1 and row["median_difference"] == 0


def test_empty_table_is_refused(shares):
    with pytest.raises(InputError, match="no row"):
        friedman(table_of(shares).iloc[:0])


def test_relevance_and_measurement_in_one_table(shares):
    shapley = table_of(shares, "shapley").assign(standard_error=0.0)
    measured = pd.concat([table_of(shares, name) for name in ("drop_one", "keep_one", "halves")])
    stacked = summarise_relevance(table_of(shares), measured, shapley)["relevance"]
    assert list(stacked["method"].unique()) == ["epsilon", "halves", "shapley"]
    assert stacked["standard_error"].isna().sum() == 2 * len(shapley)


def test_step_makes_the_tables_of_all_tests(shares):
    table = table_of(shares)
    made = compare_sequences(table, 100, 0.95, 1)
    pd.testing.assert_frame_equal(made["intervals"], intervals(table, 100, 0.95, 1))
    pd.testing.assert_frame_equal(made["friedman"], friedman(table))
    pd.testing.assert_frame_equal(made["pairwise"], pairwise(table))
