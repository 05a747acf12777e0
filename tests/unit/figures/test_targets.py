import pytest
from helpers.figure_words import texts
from helpers.lesion_tables import (
    RESAMPLING,
    SEQUENCES,
    targets_of,
)

from mrelevance.analysis.targets import target_summary
from mrelevance.figures.targets import draw


def test_targets_show_contributions_and_shares():
    summary = target_summary(targets_of(6, 0.25), **RESAMPLING)
    figure = draw(summary, SEQUENCES)
    marks = {mark.get_gid(): mark.get_offsets()[0, 1] for mark in figure.axes[1].collections
             if mark.get_gid()}  # fmt: skip
    row = summary.query("target == 'margin' and measure == 'share' and sequence == 'T2'")
    assert marks["margin T2"] == pytest.approx(row["value"].item())
    assert "makes up 25% of the margin" in texts(figure) and "same first in 6/6" in texts(figure)
