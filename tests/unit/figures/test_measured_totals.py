import numpy as np
import pandas as pd
import pytest
from helpers.volumes import SPACING, volumes

from mrelevance.figures.measured_totals import exact_shares, parts_of_region, scaled_to_measured
from mrelevance.figures.patient_panels import patient_panels

SEQUENCES = ["T1", "T2", "FLAIR", "DWI"]
TIMES = "\N{MULTIPLICATION SIGN}"
MEASURED = pd.Series([0.5, -0.2, 0.6, 0.1], index=SEQUENCES)


@pytest.fixture
def region_map() -> np.ndarray:
    """Sums 6, -1, 5 and 0, with voxels of both signs."""
    own = np.zeros((4, 2, 3, 3), np.float32)
    own[0, 0, 0] = [4, 3, -1]
    own[1, 1, 1] = [-1, -1, 1]
    own[2, 1] = 5 / 9
    own[3, 0, 0] = [2, -2, 0]
    return own


def test_parts_of_a_region_sum_to_one(region_map):
    assert parts_of_region(region_map).sum() == pytest.approx(1)
    assert not parts_of_region(0 * region_map).any()


def test_scaled_maps_sum_to_measured_values(region_map):
    parts = parts_of_region(region_map)
    scaled, notes = scaled_to_measured(parts, MEASURED)
    sums = scaled.sum((1, 2, 3))
    np.testing.assert_allclose(sums[:3], MEASURED[:3], rtol=1e-6)
    # Where voxels lie relative to each other stays.
    np.testing.assert_allclose(scaled[0] / scaled[0].sum(), region_map[0] / 6, rtol=1e-6)
    assert (
        notes["T1"] == "map \N{MULTIPLICATION SIGN} 0.83"
        and notes["T2"] == "map \N{MULTIPLICATION SIGN} 2.00"
    )


def test_maps_of_another_sign_or_without_a_sum_stay_as_they_are(region_map):
    parts = parts_of_region(region_map)
    scaled, notes = scaled_to_measured(parts, MEASURED.abs())
    np.testing.assert_array_equal(scaled[1], parts[1])
    assert notes["T2"] == "not scaled: other sign (\N{MINUS SIGN}0.10)"
    np.testing.assert_array_equal(scaled[3], parts[3])
    assert notes["DWI"] == "not scaled: sum near zero (0.00)"
    assert scaled[0].sum() == pytest.approx(0.5)


def test_a_map_that_cancels_is_not_enlarged():
    parts = np.zeros((1, 1, 1, 2))
    parts[0, 0, 0] = [1.02, -1.0]
    scaled, notes = scaled_to_measured(parts, pd.Series({"T1": 1.0}))
    np.testing.assert_array_equal(scaled, parts)
    assert notes["T1"].startswith("not scaled: sum near zero")


def shapley_rows(error: float) -> pd.DataFrame:
    rows = [["P1", "shapley", "TP", 2, name, share, error] for name, share in MEASURED.items()]
    columns = ["patient", "method", "region", "lesion", "sequence"]
    return pd.DataFrame(rows, columns=[*columns, "relevance_pooled", "standard_error"])


def test_only_exact_values_scale_maps():
    chosen = ("P1", "TP", 2, SEQUENCES)
    pd.testing.assert_series_equal(
        exact_shares(shapley_rows(0.0), *chosen), MEASURED, check_names=False
    )
    assert exact_shares(shapley_rows(0.01), *chosen) is None
    assert exact_shares(shapley_rows(0.0), "P1", "FN", 2, SEQUENCES) is None


def test_panels_show_the_measured_value_and_the_factor(lesion):
    image = volumes(2)
    relevance = np.zeros_like(image)
    relevance[0, 2, 20, 30], relevance[1, 2, 20, 30] = 3.0, 1.0
    shares = pd.Series({"T1": 0.75, "T2": 0.25})
    measured = pd.Series({"T1": 0.9, "T2": 0.1})
    figure = patient_panels(
        image, relevance, lesion, lesion, lesion, SPACING, shares, "title", measured
    )
    first, second = figure.axes[:2]
    assert first.get_title() == "T1   0.90" and second.get_title() == "T2   0.10"
    assert (
        first.get_xlabel() == "map \N{MULTIPLICATION SIGN} 1.20"
        and second.get_xlabel() == "map \N{MULTIPLICATION SIGN} 0.40"
    )
    assert "exact Shapley values" in figure.get_suptitle()
    plain = patient_panels(image, relevance, lesion, lesion, lesion, SPACING, shares, "title")
    assert plain.axes[0].get_title() == "T1   0.75" and plain.axes[0].get_xlabel() == ""
