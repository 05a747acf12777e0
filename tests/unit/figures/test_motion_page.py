"""The page to judge motion correction by."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mrelevance.figures.motion_page import motion_page, pictured, worst_first
from mrelevance.runtime.errors import InputError

TEMPLATE = (Path(__file__).parents[3] / "workflow/report/motion_page.html").read_text()
SETTINGS = {
    "on_failure": "stop",
    "quality": {"check_error_mm": 2.5, "fail_jacobian": [0.2, 5]},
}


def quality(patients=3, truth=True):
    """Good registrations of two sequences per patient, the better the later."""
    rows = len(range(patients)) * 2
    error = 1.25 if truth else np.nan
    return pd.DataFrame(
        {
            "patient": np.repeat([f"p{k:02d}" for k in range(patients)], 2),
            "sequence": ["T1", "T2"] * patients,
            "method": "deformable",
            "similarity_before": 0.2,
            "similarity_after": 0.4,
            "displacement_mean_mm": 5.0,
            "displacement_p95_mm": 9.0,
            "folded_share": 0.0,
            "error_before_mm": error,
            "error_after_mm": error,
            "landmark_error_before_mm": error,
            "landmark_error_after_mm": error,
            "expected_error_mm": np.linspace(2, 1, rows),
            "expected_error_low_mm": np.linspace(1, 0.5, rows),
            "expected_error_high_mm": np.linspace(3, 2, rows),
            "jacobian_min": 0.5,
            "jacobian_max": 1.5,
            "coverage": 0.97,
            "lesion_coverage": np.linspace(0, 1, rows),
            "flag": "good",
            "reason": "",
        }
    )


def flagged():
    table = quality()
    table.loc[4, ["flag", "reason"]] = "failed", "folded"
    table.loc[3, ["flag", "reason"]] = "check", "far moved"
    table.loc[5, "expected_error_mm"] = np.nan
    return table


def page(table, pictures=None, **settings):
    return motion_page(TEMPLATE, worst_first(table), pictures or {}, "FLAIR", SETTINGS | settings)


def test_worst_come_first():
    ordered = worst_first(flagged())
    pairs = list(ordered[["patient", "sequence"]].itertuples(index=False, name=None))
    assert pairs == [
        ("p02", "T1"),  # failed
        ("p01", "T2"),  # check
        ("p02", "T2"),  # good, of unknown error
        ("p00", "T1"),
        ("p00", "T2"),
        ("p01", "T1"),
    ]


def test_missing_column_is_named():
    with pytest.raises(InputError, match="motion table: column jacobian_min is missing"):
        worst_first(quality().drop(columns="jacobian_min"))


def test_pictures_are_of_the_worst_and_of_all_flagged():
    assert len(pictured(worst_first(quality(10)))) == 20
    assert len(pictured(worst_first(quality(50)))) == 40
    many = quality(50)
    many.loc[:60, "flag"] = "check"
    shown = pictured(worst_first(many))
    assert len(shown) == 61 and (shown["flag"] == "check").all()


def test_table_has_a_row_for_every_registration():
    text = page(flagged())
    rows = re.findall(r"<tr>\s*(<td.*?)</tr>", text.split("<tbody>")[1], re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    assert len(cells) == 6
    assert cells[0][:2] == ["p02", "T1"]
    assert 'class="flag failed"' in cells[0][2] and cells[0][3] == "folded"
    assert cells[2][9].startswith("NA")  # expected error
    assert cells[3][5:] == [
        "0.20", "0.40", "5.0", "9.0", "2.0 (1.0 to 3.0)", "0.50", "1.50", "0.00", "97", "0",
        "1.2", "1.2", "1.2", "1.2",
    ]  # fmt: skip
    assert "<b>1</b>failed" in text and "<b>4</b>good" in text
    assert "<code>check_error_mm</code></td><td>2.5<" in text
    assert "<code>fail_jacobian</code></td><td>0.2 to 5<" in text


def test_without_truth_there_are_no_errors():
    assert "landmarks" in page(quality())
    without = page(quality(truth=False))
    assert "landmarks" not in without and "simulated" not in without


@pytest.mark.parametrize(
    ("on_failure", "said"),
    [
        ("stop", "The study cannot continue until"),
        ("exclude", "They are excluded"),
        ("continue", "They remain in the study"),
    ],
)
def test_failed_patients_are_listed_with_what_happens_to_them(on_failure, said):
    text = page(flagged(), on_failure=on_failure)
    assert "failed registration: p02.</b>" in text
    assert said in text
    assert said not in page(quality(), on_failure=on_failure)


def test_pictures_follow_the_table_and_say_how_many_there_are():
    pictures = {("p02", "T1"): "data:first", ("p01", "T2"): "data:second"}
    text = page(flagged(), pictures)
    assert "Pictures of the 2 worst of 6 registrations" in text
    assert text.index("data:first") < text.index("data:second")
    assert text.count('href="#') == 2 and 'href="#p02/T1"' in text and 'id="p02/T1"' in text
    everything = {
        pair: "data:x" for pair in zip(flagged()["patient"], flagged()["sequence"], strict=True)
    }
    assert "Pictures of the" not in page(flagged(), everything)


def test_names_are_escaped():
    text = page(quality().assign(patient="<script>", reason="a & b"))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text and "a &amp; b" in text


def test_page_needs_no_other_file():
    assert not re.search(r'(src|href)="(?!#|data:)', page(flagged(), {("p02", "T1"): "data:x"}))
