"""What is measured with other baselines, beside the configured one."""

import pandas as pd
import pytest

from mrelevance.evaluation.baselines import (
    baseline_agreement,
    compare_baselines,
    shares_by_baseline,
)
from mrelevance.figures.baselines import draw as figure_of
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR"]
SUMMARY = {"resamples": 200, "confidence": 0.95, "seed": 1}


def measured(*patients) -> pd.DataFrame:
    rows = [
        [f"{p:02d}", "shapley", region, 0, sequence, share, 0.0]
        for p, values in enumerate(patients)
        for region in ("tumour", "TP")
        for sequence, share in zip(SEQUENCES, values, strict=True)
    ]
    columns = ["patient", "method", "region", "lesion", "sequence", "relevance_pooled"]
    return pd.DataFrame(rows, columns=[*columns, "standard_error"])


MEASURED = {
    "inpainted": measured([0.6, 0.3, 0.1], [0.7, 0.2, 0.1], [0.5, 0.3, 0.2]),
    "zero": measured([0.6, 0.3, 0.1], [0.7, 0.2, 0.1], [0.5, 0.3, 0.2]),
    "shuffled": measured([0.1, 0.3, 0.6], [0.1, 0.2, 0.7], [0.5, 0.3, 0.2]),
}


def test_shares_of_the_tumour_by_baseline():
    shares = shares_by_baseline(MEASURED)
    assert list(shares.columns) == ["patient", "baseline", "sequence", "share", "standard_error"]
    assert len(shares) == 3 * 3 * 3
    row = shares[(shares["baseline"] == "shuffled") & (shares["patient"] == "01")]
    assert list(row["share"]) == [0.1, 0.2, 0.7]


def test_agreement_with_the_configured_baseline():
    rows = baseline_agreement(MEASURED, "inpainted", **SUMMARY).set_index("baseline")
    assert list(rows.index) == ["zero", "shuffled"]
    assert rows.loc["zero", "kendall_tau"] == 1 and rows.loc["zero", "l1_distance"] == 0
    assert rows.loc["shuffled", "kendall_tau"] == -1
    assert rows.loc["shuffled", "l1_distance"] == pytest.approx(1.0)
    assert list(rows["same_first"]) == [3, 1]


def test_the_configured_baseline_must_be_there():
    with pytest.raises(InputError, match="baseline patient was not measured"):
        baseline_agreement(MEASURED, "patient", **SUMMARY)


def test_the_figure_shows_the_medians():
    agreement = baseline_agreement(MEASURED, "inpainted", **SUMMARY)
    figure = figure_of(shares_by_baseline(MEASURED), agreement, SEQUENCES)
    (axes,) = figure.axes
    shown = {d.get_gid(): d.get_offsets()[0][1] for d in axes.collections if d.get_gid()}
    assert shown["shuffled T1"] == 0.1 and shown["inpainted T1"] == 0.6 and len(shown) == 9
    (legend,) = figure.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts[0] == "inpainted (configured)"
    assert texts[2] == "shuffled: tau \N{MINUS SIGN}1.00, L1 1.00, same first sequence in 1/3"


def test_step_calls_variants_by_their_baseline():
    shapley = {"study": MEASURED["inpainted"], "far": MEASURED["shuffled"]}
    variants = {"far": {"relevance": {"baseline": "shuffled"}}}
    made = compare_baselines(shapley, variants, "inpainted", **SUMMARY)
    assert list(made["baselines"]["baseline"].unique()) == ["inpainted", "shuffled"]
    assert list(made["baselines_agreement"]["baseline"]) == ["shuffled"]
