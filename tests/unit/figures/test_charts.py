"""Figures drawn from tables: what is in them, for six, four and many sequences."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color, to_rgba

from mrelevance.analysis.sequences import friedman
from mrelevance.attribution.shares import share_matrix
from mrelevance.evaluation.agreement import agreement, agreement_summary
from mrelevance.figures.agreement import agreement as draw_agreement
from mrelevance.figures.learning_curve import learning_curve
from mrelevance.figures.lesion_detection import lesion_detection, wilson_interval
from mrelevance.figures.motion_correction import motion_correction
from mrelevance.figures.parallel_coordinates import parallel_coordinates
from mrelevance.figures.relevance_by_type import relevance_by_type
from mrelevance.figures.style import sequence_colours
from mrelevance.runtime.errors import InputError

STUDY = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]
BRAIN = ["FLAIR", "T1", "T1KS", "T2"]
RULES = ["alpha1_beta0", "epsilon", "shapley"]


def relevance_of(sequences, patients, types=("cyst", "metastasis")):
    """Relevance and lesion tables: per patient the tumour and one lesion of each type."""
    generator = np.random.default_rng(0)
    rows, lesions = [], []
    for patient in (f"{p:02d}" for p in range(patients)):
        regions = [("tumour", 0), *(("TP", k + 1) for k in range(len(types)))]
        for composite in RULES:
            for region, lesion in regions:
                shares = generator.dirichlet(np.ones(len(sequences)))
                for sequence, share in zip(sequences, shares, strict=True):
                    rows.append([patient, composite, region, lesion, sequence, share, share])
        lesions += [[patient, "TP", k + 1, kind, 8.0 + k] for k, kind in enumerate(types)]
    columns = ["patient", "method", "region", "lesion", "sequence"]
    return (
        pd.DataFrame(rows, columns=[*columns, "relevance", "relevance_pooled"]),
        pd.DataFrame(lesions, columns=["patient", "region", "lesion", "type", "diameter_mm"]),
    )


def summary_of(relevance):
    return agreement_summary(agreement(relevance), 50, 0.95, 0)


def texts(figure):
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    titles = [axes.get_title(loc) for axes in figure.axes for loc in ("left", "center")]
    return "\n".join([*found, *titles, *(text.get_text() for text in figure.texts)])


@pytest.mark.parametrize(
    ("sequences", "patients"), [(STUDY, 20), (BRAIN, 1), (list("abcdefghi"), 3)]
)
def test_parallel_coordinates_draw_the_table(sequences, patients):
    relevance, _ = relevance_of(sequences, patients)
    figure = parallel_coordinates(relevance, sequences, friedman(relevance), summary_of(relevance))
    panels = {axes.get_title("left"): axes for axes in figure.axes}
    assert list(panels)[:3] == ["alpha1-beta0 (z+)", "epsilon", "exact Shapley value"]
    axes = panels["epsilon"]
    lines = {line.get_gid(): line.get_ydata() for line in axes.lines}
    matrix = share_matrix(relevance, "epsilon", "relevance_pooled")
    for patient, shares in matrix.iterrows():
        np.testing.assert_array_equal(lines[f"patient {patient}"], shares)
    np.testing.assert_array_equal(lines["median"], matrix.median())
    measured = share_matrix(relevance, "shapley", "relevance_pooled")
    np.testing.assert_array_equal(lines["measured median"], measured.median())
    assert [label.get_text() for label in axes.get_xticklabels()] == sequences
    colours = list(sequence_colours(sequences).values())
    assert all(map(same_color, axes.collections[0].get_facecolors(), colours))
    assert f"n = {patients}" in texts(figure)


def test_parallel_coordinates_follow_the_configured_order():
    relevance, _ = relevance_of(STUDY, 4)
    figure = parallel_coordinates(
        relevance, STUDY[::-1], friedman(relevance), summary_of(relevance)
    )
    lines = {line.get_gid(): line.get_ydata() for line in figure.axes[0].lines}
    expected = share_matrix(relevance, "alpha1_beta0", "relevance_pooled").loc["02", STUDY[::-1]]
    np.testing.assert_array_equal(lines["patient 02"], expected)


def test_parallel_coordinates_count_what_leaves_the_axis_and_give_verdicts():
    relevance, _ = relevance_of(STUDY, 20)
    wild = (relevance["method"] == "epsilon") & (relevance["patient"] == "03")
    relevance.loc[wild, "relevance_pooled"] = [-30, 31, 0, 0, 0, 0] * 3
    summary = summary_of(relevance)
    figure = parallel_coordinates(relevance, STUDY, friedman(relevance), summary)
    shown = texts(figure)
    assert "1 beyond the axis" in shown and "misleading:" in shown and "W = " in shown
    low, high = figure.axes[0].get_ylim()
    assert -2 < low < 0 < high < 2


def test_nothing_predicted_is_said():
    relevance, _ = relevance_of(BRAIN, 1)
    relevance["region"] = "FN"
    empty = agreement_summary(agreement(relevance), 50, 0.95, 0)
    figure = parallel_coordinates(relevance, BRAIN, friedman(relevance), empty)
    assert "No tumour was predicted" in texts(figure)
    assert "No tumour was predicted" in texts(draw_agreement(relevance, empty, BRAIN))
    assert "No true positive" in texts(
        relevance_by_type(relevance, relevance_of(BRAIN, 1)[1], BRAIN, ["shapley"], 0)
    )


@pytest.mark.parametrize(("sequences", "patients"), [(STUDY, 5), (BRAIN, 1)])
def test_agreement_sets_rules_beside_the_measurement(sequences, patients):
    relevance, _ = relevance_of(sequences, patients)
    figure = draw_agreement(relevance, summary_of(relevance), sequences)
    dots = {dots.get_gid(): dots for dots in figure.axes[1].collections}
    assert list(dots) == sequences
    rule = share_matrix(relevance, "epsilon", "relevance_pooled")
    truth = share_matrix(relevance, "shapley", "relevance_pooled")
    for sequence, colour in sequence_colours(sequences).items():
        expected = np.column_stack([truth[sequence], rule[sequence]])
        np.testing.assert_array_equal(dots[sequence].get_offsets(), expected)
        assert same_color(dots[sequence].get_facecolor()[0][:3], to_rgba(colour)[:3])
    assert f"/{patients}" in texts(figure)


def test_relevance_by_type_shows_each_lesion_once():
    relevance, lesions = relevance_of(STUDY, 7)
    figure = relevance_by_type(relevance, lesions, STUDY, ["epsilon", "shapley"], seed=0)
    assert "cyst\nn = 7" in texts(figure) and "metastasis\nn = 7" in texts(figure)
    drawn = next(dots for dots in figure.axes[0].collections if dots.get_gid() == "T2")
    expected = relevance.query("method == 'epsilon' and lesion == 1 and sequence == 'T2'")
    np.testing.assert_array_equal(drawn.get_offsets()[:, 1], expected["relevance_pooled"])


def test_relevance_by_unknown_type():
    relevance, lesions = relevance_of(BRAIN, 1, types=("unknown",))
    figure = relevance_by_type(relevance, lesions, BRAIN, ["epsilon", "shapley"], seed=0)
    assert "type unknown\nn = 1" in texts(figure)
    with pytest.raises(InputError, match="none of the methods gamma"):
        relevance_by_type(relevance, lesions, BRAIN, ["gamma"], seed=0)


def motion_of(sequences, patients, truth):
    error = [4.0, 1.0] if truth else [np.nan, np.nan]
    names = ["error", "landmark_error"]
    return pd.DataFrame(
        [
            {
                "patient": str(p),
                "sequence": sequence,
                "flag": "check" if p == 0 and sequence == "T2" else "good",
                "similarity_before": 0.4,
                "similarity_after": 0.6 + p / 100,
                **{f"{name}_before_mm": error[0] for name in names},
                **{f"{name}_after_mm": error[1] for name in names},
            }
            for p in range(patients)
            for sequence in sequences
        ]
    )


def test_motion_with_truth_has_errors_and_without_only_similarity():
    with_truth = motion_correction(motion_of(STUDY, 3, truth=True), STUDY, "T1-15min")
    assert [axes.get_ylabel().split()[0] for axes in with_truth.axes] == [
        "mean",
        "mean",
        "similarity",
    ]
    assert with_truth.get_suptitle() == "15 registrations: 14 good, 1 check, 0 failed"
    without = motion_correction(motion_of(BRAIN, 1, truth=False), BRAIN, "FLAIR")
    assert len(without.axes) == 1
    labels = [label.get_text() for label in without.axes[0].get_xticklabels()]
    assert labels == ["T1", "T1KS", "T2"]
    colours = sequence_colours(BRAIN)
    assert same_color(without.axes[0].lines[0].get_color(), colours["T1"])
    np.testing.assert_array_equal(without.axes[0].lines[0].get_ydata(), [0.4, 0.6])


def test_motion_of_the_reference_alone_is_refused():
    with pytest.raises(InputError, match="only the reference"):
        motion_correction(motion_of(["FLAIR"], 2, truth=False), BRAIN, "FLAIR")


def test_learning_curve_marks_the_weights_kept():
    history = pd.DataFrame(
        {
            "step": [10, 20, 30],
            "training_loss": [1.0, 0.5, 0.4],
            "validation_dice": [0.2, 0.8, 0.7],
        }
    )
    figure = learning_curve(history)
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1.0, 0.5, 0.4])
    assert "step 20, Dice 0.800" in texts(figure)
    alone = learning_curve(history.assign(validation_dice=np.nan))
    assert len(alone.axes) == 1
    with pytest.raises(InputError, match="no epoch"):
        learning_curve(history.iloc[:0])
    with pytest.raises(InputError, match="training_loss"):
        learning_curve(history.drop(columns="training_loss"))


def test_wilson_interval_of_a_published_example():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 15/148 and 0/20.
    np.testing.assert_allclose(wilson_interval(15, 148), [0.0624, 0.1605], atol=5e-5)
    np.testing.assert_allclose(wilson_interval(0, 20), [0.0, 0.1611], atol=5e-5)
    assert wilson_interval(20, 20)[1] == 1


def test_lesion_detection_counts():
    lesions = pd.DataFrame(
        [
            ["TP", "cyst", 9.0],
            ["FN", "cyst", 5.0],
            ["TP", "metastasis", 40.0],
            ["TP", "metastasis", 10.0],
            ["FP", "unknown", 50.0],
        ],
        columns=["region", "type", "diameter_mm"],
    ).assign(patient="01")
    scores = pd.DataFrame(
        {"patient": ["01", "02"], "dice": [0.8, np.nan], "false_positives": [1, 0]}
    )
    figure = lesion_detection(lesions, scores)
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "1/2",
        "1/1",
        "none",
        "none",
        "1/1",
    ]
    assert [text.get_text() for text in figure.axes[1].texts] == ["1/2", "2/2"]
    assert "sensitivity 0.75 (3 of 4 lesions)" in texts(figure)
    assert "0.50 false positives per patient" in texts(figure)
    assert "median Dice 0.80 (n = 1)" in texts(figure)
    assert len(lesion_detection(lesions.assign(type="unknown"), scores).axes) == 3
    with pytest.raises(InputError, match="no patient"):
        lesion_detection(lesions, scores.iloc[:0])
