import pytest
from helpers.figure_words import texts
from helpers.lesion_tables import (
    RESAMPLING,
    SEQUENCES,
    context_of,
)

from mrelevance.analysis.context import evidence_summary
from mrelevance.figures.evidence import draw


def test_evidence_bars_are_the_table():
    found = evidence_summary(context_of(), **RESAMPLING)
    figure = draw(found, SEQUENCES)
    bars = {bar.get_gid(): bar.get_height() for bar in figure.axes[0].patches if bar.get_gid()}
    rows = found.query("region == 'TP' and level == 'voxel'").set_index("sequence")
    for sequence in SEQUENCES:
        assert bars[f"for {sequence}"] == pytest.approx(rows.loc[sequence, "positive"])
        assert bars[f"against {sequence}"] == pytest.approx(rows.loc[sequence, "negative"])
    assert "true positive\nn = 9" in texts(figure)


def test_nothing_to_draw_is_said():
    found = evidence_summary(context_of().iloc[:0], **RESAMPLING)
    assert "no lesion with relevance" in texts(draw(found, SEQUENCES))
