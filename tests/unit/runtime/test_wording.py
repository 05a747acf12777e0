import math

import pytest

from mrelevance.runtime.wording import counted, fixed, interval, readable, signed, significant


def test_numbers_have_a_minus_sign_and_zero_has_none():
    assert fixed(-0.204) == "\N{MINUS SIGN}0.20" and fixed(0.5, 1) == "0.5"
    assert fixed(-0.001) == "0.00" and signed(-0.0001) == "+0.000"
    assert signed(0.02) == "+0.020" and signed(-0.02) == "\N{MINUS SIGN}0.020"


def test_missing_numbers_are_said():
    assert fixed(math.nan) == signed(math.nan) == significant(math.nan) == "not defined"
    assert interval(0.2, math.nan, math.nan) == "0.20"
    assert interval(0.2, -0.1, 0.5) == "0.20 [\N{MINUS SIGN}0.10, 0.50]"
    assert interval(0.02, -0.1, 0.5, 3, signed) == "+0.020 [\N{MINUS SIGN}0.100, +0.500]"


@pytest.mark.parametrize(
    ("value", "text"),
    [(112.3, "110"), (3.04, "3"), (3.46, "3.5"), (0.0342, "0.034"), (1e6, "1000000"), (0, "0"),
     (99.6, "100"), (0.996, "1")],
)  # fmt: skip
def test_significant_digits_have_no_exponent(value, text):
    assert significant(value) == text


def test_one_is_singular():
    assert counted(1, "patient") == "1 patient" and counted(0, "patient") == "0 patients"
    assert counted(2, "study", "studies") == "2 studies"


def test_only_hyphens_before_numbers_become_minus_signs():
    text = readable("tau -0.5 [-0.3, 0.1], T1-20s, 10-15, by-product, -3")
    assert text.replace("\N{MINUS SIGN}", "~") == (
        "tau ~0.5 [~0.3, 0.1], T1-20s, 10-15, by-product, ~3"
    )
