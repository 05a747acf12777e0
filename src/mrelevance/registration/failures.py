"""Patients with a failed registration."""

import pandas as pd

from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError


def failed_patients(quality: pd.DataFrame) -> list[str]:
    """List the patients with a failed registration, in the order of the motion table.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(quality, ["patient", "flag"], "motion table")
    return list(dict.fromkeys(quality.loc[quality["flag"] == "failed", "patient"]))


def refuse_failed(quality: pd.DataFrame) -> None:
    """Check that no registration of the motion table failed.

    Raises
    ------
    InputError
        One did. The message names the patient, the failed sequences and the reasons.
    """
    check_columns(quality, ["patient", "sequence", "flag", "reason"], "motion table")
    failed = quality[quality["flag"] == "failed"]
    if failed.empty:
        return
    reasons = ", ".join(f"{row.sequence} ({row.reason})" for row in failed.itertuples())
    raise InputError(
        f"patient {failed.iloc[0]['patient']}: motion correction failed for sequence {reasons}; "
        "look at results/report/motion.html, then correct the images or the settings of motion, "
        "or set motion.on_failure to exclude or continue"
    )
