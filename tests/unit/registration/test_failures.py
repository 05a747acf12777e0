"""What happens to failed registrations."""

import pandas as pd
import pytest

from mrelevance.registration.failures import failed_patients, refuse_failed
from mrelevance.runtime.errors import InputError


def quality(*flags):
    return pd.DataFrame(
        {
            "patient": "07",
            "sequence": [f"S{k}" for k in range(len(flags))],
            "flag": flags,
            "reason": [f"because {k}" for k in range(len(flags))],
        }
    )


def test_failed_patients_are_named_once_in_their_order():
    tables = [
        quality("good", "failed", "failed").assign(patient="2"),
        quality("check").assign(patient="3"),
        quality("failed").assign(patient="1"),
    ]
    assert failed_patients(pd.concat(tables)) == ["2", "1"]
    assert failed_patients(quality("good", "check")) == []


def test_good_and_doubtful_registrations_pass():
    refuse_failed(quality("good", "check"))


def test_failure_is_one_line_with_sequences_and_reasons():
    with pytest.raises(InputError) as error:
        refuse_failed(quality("failed", "good", "failed"))
    message = str(error.value)
    assert message.startswith("patient 07: motion correction failed for sequence S0 (because 0), ")
    assert "S2 (because 2)" in message and "S1" not in message
    assert "results/report/motion.html" in message and "motion.on_failure" in message
    assert "\n" not in message


def test_table_without_flags_is_refused():
    with pytest.raises(InputError, match="motion table: column flag is missing"):
        failed_patients(quality("good").drop(columns="flag"))
    with pytest.raises(InputError, match="motion table: column flag is missing"):
        refuse_failed(quality("good").drop(columns="flag"))
