import numpy as np
import pandas as pd
import pytest
from helpers.figure_words import texts
from helpers.lesion_tables import (
    RESAMPLING,
    context_of,
)

from mrelevance.analysis.context import zone_summary
from mrelevance.figures.context import SPREAD, draw
from mrelevance.runtime.errors import InputError


def test_context_draws_every_lesion_and_the_medians():
    table = context_of()
    zones = zone_summary(table, **RESAMPLING)
    figure = draw(table, zones, seed=0)
    dots = [dots.get_offsets() for dots in figure.axes[0].collections if hasattr(dots, "get_sizes")]
    dots = np.concatenate(dots)
    drawn = dots[np.abs(dots[:, 0] + SPREAD) < SPREAD / 2, 1]
    own = table[(table["region"] == "TP") & (table["zone"] == "inside")]
    expected = own.groupby(["patient", "lesion"])["relevance"].sum()
    np.testing.assert_allclose(np.sort(drawn), np.sort(expected))
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["inside", "to 5 mm", "farther"]
    assert "true positive, n = 9" in texts(figure) and "false positive, n = 1" in texts(figure)
    both = pd.concat([table, context_of(seed=1, method="deeplift")])
    assert len(draw(both, zone_summary(both, **RESAMPLING), seed=0).axes) == 2


def test_nothing_to_draw_is_said():
    table = context_of().iloc[:0]
    zones = zone_summary(table, **RESAMPLING)
    assert "no lesion with relevance" in texts(draw(table, zones, seed=0))
    with pytest.raises(InputError, match="zone summary: column median"):
        draw(table, zones.drop(columns="median"), seed=0)
