"""A method is trustworthy where it gives the known answer."""

import pandas as pd
import pytest

from mrelevance.evaluation.known_answer import compare_known_answer, known_answers
from mrelevance.figures.known_answer import draw as figure_of
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR"]
SUMMARY = {"resamples": 200, "confidence": 0.95, "seed": 1}


def table_of(**shares) -> pd.DataFrame:
    """Relevance table from method=[shares of patient 0, of patient 1, ...], each of them twice."""
    rows = [
        [f"{p:02d}", method, "tumour", sequence, share]
        for method, patients in shares.items()
        for p, values in enumerate(patients * 2)
        for sequence, share in zip(SEQUENCES, values, strict=True)
    ]
    columns = ["patient", "method", "region", "sequence", "relevance_pooled"]
    return pd.DataFrame(rows, columns=columns)


DECOY = table_of(
    even=[[0.3, 0.3, 0.4], [0.3, 0.45, 0.25], [0.4, 0.4, 0.2]],
    right=[[0.7, 0.31, -0.01], [0.6, 0.39, 0.01], [0.5, 0.5, 0.0]],
    negative=[[0.6, 0.5, -0.1], [0.6, 0.5, -0.1], [0.6, 0.5, -0.1]],
    shapley=[[0.7, 0.3, 0.0], [0.6, 0.4, 0.0], [0.5, 0.5, 0.0]],
)


def test_noise_deserves_nothing():
    truth = known_answers(DECOY, "decoy", "FLAIR", **SUMMARY).set_index("method")
    assert truth.loc["right", "verdict"] == truth.loc["shapley", "verdict"] == "trustworthy"
    assert truth.loc["right", "largest_share"] == pytest.approx(0.01)
    wrong = "misleading: gives noise 0.25 of the relevance, puts noise first in 2/6"
    assert truth.loc["even", "verdict"] == wrong
    assert truth.loc["even", "share"] == pytest.approx(0.25)
    assert truth.loc["even", "share_low"] <= 0.25 <= truth.loc["even", "share_high"]
    assert truth.loc["negative", "verdict"] == "misleading: gives noise -0.10 of the relevance"
    assert (truth["n"] == 6).all() and list(truth.index)[-1] == "shapley"


def test_noise_that_comes_first_misleads_even_if_it_is_little_in_the_median():
    shares = [[0.7, 0.3, 0.0], [0.6, 0.4, 0.0], [0.2, 0.3, 0.5]]
    truth = known_answers(table_of(rule=shares, shapley=shares), "decoy", "FLAIR", **SUMMARY)
    assert truth["verdict"].iloc[0] == "misleading: puts noise first in 2/6"


def test_the_only_source_comes_first():
    truth = known_answers(DECOY, "single_source", "T1", **SUMMARY).set_index("method")
    assert truth.loc["even", "verdict"] == "misleading: source first in 2/6 only"
    assert truth.loc["negative", "verdict"] == "trustworthy"
    assert truth.loc["negative", "ranked_first"] == 6


def test_a_baseline_that_normalisation_blows_up_is_never_trustworthy():
    shares = [[0.7, 0.3, 0.0], [0.6, 0.4, 0.0], [0.5, 0.5, 0.0]]
    table = table_of(deepshap=shares, integrated_gradients=shares, drop_one=shares, shapley=shares)
    table.loc[table["method"] == "deepshap", "baseline_contrast"] = 0.02
    truth = known_answers(table, "decoy", "FLAIR", **SUMMARY).set_index("method")
    doubtful = truth.loc[["deepshap", "integrated_gradients"]]
    assert doubtful["verdict"].str.startswith("not to be trusted: ").all()
    assert (doubtful["baseline_contrast"] == 0.02).all()
    assert (truth.loc[["drop_one", "shapley"], "verdict"] == "trustworthy").all()


@pytest.mark.parametrize(("patients", "interval"), [(2, False), (5, True)])
def test_few_patients_are_not_judged(patients, interval):
    few = DECOY[DECOY["patient"].isin(DECOY["patient"].unique()[:patients])]
    truth = known_answers(few, "decoy", "FLAIR", **SUMMARY)
    assert (truth["verdict"] == f"not judged: {patients} patients").all()
    assert (truth["share_low"].notna() == interval).all()


def test_without_a_known_answer_there_is_nothing_to_judge():
    with pytest.raises(InputError, match="'study' is unknown"):
        known_answers(DECOY, "study", "T1", **SUMMARY)
    with pytest.raises(InputError, match="it lacks T3"):
        known_answers(DECOY, "decoy", "T3", **SUMMARY)


def test_the_figure_shows_medians_and_verdicts():
    truth = known_answers(DECOY, "decoy", "FLAIR", **SUMMARY)
    figure = figure_of(DECOY, truth)
    (axes,) = figure.axes
    shown = {d.get_gid(): d.get_offsets()[0][0] for d in axes.collections if d.get_gid()}
    assert shown == pytest.approx(dict(zip(truth["method"], truth["share"], strict=True)))
    # Long verdicts are wrapped, and numbers have a real minus sign.
    shown = [" ".join(text.get_text().split()) for text in axes.texts]
    shown = [text.removesuffix(" (1 beyond the axis)") for text in shown]
    assert shown == [verdict.replace("-", "\N{MINUS SIGN}") for verdict in truth["verdict"]]
    assert "FLAIR is noise" in figure.get_suptitle()


def test_step_keeps_the_relevance_of_every_method():
    parts = [DECOY[DECOY["method"] == name] for name in DECOY["method"].unique()]
    made = compare_known_answer(*parts, known_answer="decoy", sequence="FLAIR", **SUMMARY)
    pd.testing.assert_frame_equal(made["relevance_by_method"], DECOY)
    expected = known_answers(DECOY, "decoy", "FLAIR", **SUMMARY)
    pd.testing.assert_frame_equal(made["known_answer"], expected)
