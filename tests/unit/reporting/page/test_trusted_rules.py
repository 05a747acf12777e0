"""The sentence on which rule to believe."""

import numpy as np
import pandas as pd
import pytest

from mrelevance.reporting.page.trusted_rules import rule_to_believe

NOT_KNOWN = (np.nan, np.nan)


def said(composites: list[str], *rows: tuple) -> str:
    columns = ["method", "verdict", "l1_distance", "l1_low", "l1_high", "same_first", "n"]
    return rule_to_believe(pd.DataFrame(rows, columns=columns), composites, 0.95).text


def test_the_nearest_rule_is_believed_and_misleading_ones_are_named():
    text = said(
        ["alpha1_beta0", "deeplift", "deepshap"],
        ("alpha1_beta0", "misleading: the order differs", 1.1, 1.0, 1.2, 9, 20),
        ("deeplift", "follows the measurement", 0.13, 0.1, 0.2, 20, 20),
        ("deepshap", "follows the measurement", 0.06, 0.04, 0.12, 20, 20),
        ("gradient", "follows the measurement", 0.01, 0.0, 0.02, 20, 20),
    )
    assert text == (
        "Shapley activations. Its shares follow the measurement: the L1 distance is 0.06 "
        "(95 % interval 0.04 to 0.12), and the leading sequence is the same in 20 of 20 patients. "
        "The shares of DeepLIFT rescale follow it as well. Do not believe alpha1-beta0 (z+)."
    )


def test_a_rule_that_only_comes_near_is_not_said_to_follow():
    text = said(
        ["deeplift"], ("deeplift", "approximates the measurement: order", 0.4, 0.3, 0.5, 17, 20)
    )
    assert "Its shares come near the measurement but do not match it: the L1 distance" in text


def test_a_rule_that_is_nearer_but_only_approximates_is_named():
    text = said(
        ["deeplift", "deepshap"],
        ("deeplift", "follows the measurement", 0.17, 0.1, 0.26, 20, 20),
        ("deepshap", "approximates the measurement: order differs (tau 0.87)", 0.12, 0.08, 0.2, 20,
         20),
    )  # fmt: skip
    assert text.startswith("DeepLIFT rescale. Its shares follow the measurement")
    assert text.endswith(
        "Shapley activations, nearer in amounts (L1 distance 0.12), only approximates it: order "
        "differs (tau 0.87)."
    )


def test_no_rule_is_believed_where_none_follows():
    text = said(
        ["epsilon", "deeplift"],
        ("epsilon", "misleading: amounts differ", 0.9, 0.8, 1.0, 2, 20),
        ("deeplift", "not to be trusted: normalisation", 0.9, 0.8, 1.0, 2, 20),
    )
    assert text.startswith("None: no rule comes near the measurement. Use the measured shares")
    assert text.endswith("Do not believe epsilon or DeepLIFT rescale.")
    assert said(["deepshap"]).startswith("Not known")


@pytest.mark.parametrize("patients", [1, 2, 3, 5, 6, 20])
def test_rules_are_not_judged_by_too_few_patients(patients):
    # Tables of an earlier version judged three patients.
    row = ("follows the measurement", 0.1, 0.0, 0.2, patients, patients)
    text = said(["deepshap"], ("deepshap", *row))
    if patients >= 6:
        assert text.startswith("Shapley activations. Its shares follow the measurement")
        return
    assert "too few to judge: at least 6 are needed. Use the measured shares" in text
    median = f"median of {patients} patients" if patients > 1 else "1 patient"
    assert text.endswith(f"Nearest to them is Shapley activations: L1 distance 0.10 ({median}).")
    assert "follow" not in text and "interval" not in text
