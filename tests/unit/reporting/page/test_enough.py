"""Tables of the page without intervals and conclusions of too few patients."""

import pandas as pd

from mrelevance.reporting.page.enough import known_conclusions, known_intervals
from mrelevance.statistics.noninferiority import LOSES, UNDECIDED


def test_intervals_of_fewer_than_six_patients_are_left_out():
    table = pd.DataFrame({"n": [3, 5, 6, 20], "median": 0.5, "ci_low": 0.4, "ci_high": 0.6})
    known = known_intervals(table, 0.95)
    assert (
        list(known["ci_low"].notna()) == list(known["ci_high"].notna()) == [False] * 2 + [True] * 2
    )
    assert (known["median"] == 0.5).all()
    assert known_intervals(table, 0.9)["ci_low"].notna().sum() == 3


def test_fewer_than_six_patients_decide_nothing_about_protocols():
    table = pd.DataFrame(
        {"n": [5, 6], "conclusion": LOSES, "difference_low": -0.3, "difference_high": -0.2}
    )
    known = known_conclusions(table, 0.95)
    assert list(known["conclusion"]) == [UNDECIDED, LOSES]
    assert list(known["difference_low"].notna()) == [False, True]
