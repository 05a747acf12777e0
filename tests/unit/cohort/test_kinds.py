from pathlib import Path

import pytest

from mrelevance.cohort.kinds import KINDS, kind_of
from mrelevance.runtime.errors import InputError

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("source", KINDS)
def test_every_kind_has_rules_and_a_place_in_the_manual(source):
    assert (PROJECT / f"workflow/rules/raw_{source}.smk").is_file()
    manual = (PROJECT / "config/README.md").read_text()
    of_cohort, _of_network = [
        line for line in manual.splitlines() if line.startswith("| `source` |")
    ]
    assert f"`{source}`" in of_cohort


def test_an_unknown_kind_is_an_error_that_lists_the_known():
    with pytest.raises(InputError, match=r"cohort\.source is dicom; known are phantom, images"):
        kind_of("dicom")
