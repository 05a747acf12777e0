import numpy as np
import pandas as pd
import pytest

from mrelevance.evaluation.baseline_contrast import (
    LOWEST_CONTRAST,
    contrast_by_patient,
    depends_on_contrast,
    doubt,
)
from mrelevance.lrp.explainer import LOW_CONTRAST


def test_what_a_warning_tells_is_not_trusted():
    assert LOWEST_CONTRAST == LOW_CONTRAST


def test_the_smallest_contrast_of_a_patient_counts():
    table = pd.DataFrame(
        {"patient": ["A", "A", "B", "C"], "baseline_contrast": [0.4, 0.05, 0.7, np.nan]}
    )
    assert contrast_by_patient(table) == {"A": 0.05, "B": 0.7}
    assert contrast_by_patient(table[["patient"]]) == {}


@pytest.mark.parametrize("method", ["deepshap", "deepshap-orders-128-seed-1", "deeplift_halves"])
def test_rules_with_a_baseline_depend_on_it(method):
    assert depends_on_contrast(method)


@pytest.mark.parametrize("method", ["epsilon-0.25", "shapley", "halves", "gradient", "no_method"])
def test_measurements_and_rules_without_a_baseline_do_not(method):
    assert not depends_on_contrast(method)


def test_doubt_has_a_number():
    assert doubt(LOWEST_CONTRAST) == doubt(float("nan")) == ""
    assert doubt(0.0123).endswith("(contrast 0.012)")
