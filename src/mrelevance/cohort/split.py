"""Split of the cohort into patients for training, validation and test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mrelevance.cohort.parts import EXCLUDED, INCOMPLETE, sizes_of_drawn
from mrelevance.runtime.errors import InputError

NEEDED = ("train", "test")
"""Parts without which a network cannot be trained and tested."""


@dataclass(frozen=True)
class Draw:
    """How to draw a split: shares (0 to 1) of all patients, and the seed of the cohort."""

    validation_share: float
    test_share: float
    seed: int


def split_cohort(
    sheet: pd.DataFrame,
    lesions: pd.DataFrame,
    excluded: list[str],
    draw: Draw,
    needed: Sequence[str] = NEEDED,
) -> pd.DataFrame:
    """Take the split of the sample sheet, or draw one if the sheet has none.

    Parameters
    ----------
    sheet
        The sample sheet: `patient`, `split` and `subject` if it has them, and its covariates.
    lesions
        Stacked lesion tables: at least `patient` and `volume_ml`, one row per lesion.
    excluded
        Patients to leave out, whatever their split in the sheet; none of them is drawn.
    draw
        Not used if the sheet has a split.
    needed
        Parts without which there is no study.

    Returns
    -------
    Table `patient, split, lesions, lesion_ml`, then the columns `subject` and covariates of the
    sheet, in its order; the split of excluded patients is `EXCLUDED`. A covariate that has the
    name of another column gets the prefix `sheet_`.

    Raises
    ------
    InputError
        No patient is left in a part that is needed.
    """
    volumes = lesions.groupby("patient")["volume_ml"]
    loads = pd.DataFrame(
        {
            "patient": sheet["patient"],
            "lesions": sheet["patient"].map(volumes.size()).fillna(0).astype(int),
            "lesion_ml": sheet["patient"].map(volumes.sum()).fillna(0.0).astype(float),
        }
    )
    if "split" in sheet:
        kept = sheet.loc[~sheet["patient"].isin(excluded), ["patient", "split"]]
    else:
        taking_part = ~loads["patient"].isin(excluded)
        subjects = sheet["subject"] if "subject" in sheet else sheet["patient"]
        kept = draw_split_of_subjects(loads[taking_part], subjects[taking_part], draw)
    for part in needed:
        if part not in set(kept["split"]):
            raise InputError(
                f"cohort: no patient is left for {part} without {', '.join(excluded)}; "
                "correct their registrations or set motion.on_failure to continue"
            )
    parts = loads["patient"].map(kept.set_index("patient")["split"]).fillna(EXCLUDED)
    loads.insert(1, "split", parts)
    further = sheet.drop(columns=["patient", "split"], errors="ignore").reset_index(drop=True)
    own = {name: f"sheet_{name}" for name in further if name in loads}
    return pd.concat([loads.reset_index(drop=True), further.rename(columns=own)], axis=1)


def with_incomplete(split: pd.DataFrame, patients: list[str]) -> pd.DataFrame:
    """Split table with a row at its end for each patient who was left out as incomplete.

    Their lesions are not known.
    """
    if not patients:
        return split
    rows = pd.DataFrame({"patient": patients, "split": INCOMPLETE})
    return pd.concat([split.astype({"lesions": "Int64"}), rows], ignore_index=True)


def draw_split_of_subjects(
    lesion_loads: pd.DataFrame, subjects: pd.Series, draw: Draw
) -> pd.DataFrame:
    """Draw a split in which all visits of a subject are in one part; see `draw_split`.

    `subjects` names the subject of every row of `lesion_loads`. The lesions of a subject's visits
    are added up, and shares are shares of subjects.
    """
    loads = lesion_loads.assign(patient=subjects).groupby("patient", sort=False, as_index=False)
    parts = draw_split(loads[["lesions", "lesion_ml"]].sum(), draw).set_index("patient")["split"]
    patients = lesion_loads["patient"].reset_index(drop=True)
    return pd.DataFrame({"patient": patients, "split": subjects.map(parts).to_numpy()})


def check_lesions(split: pd.DataFrame, needed: Sequence[str] = NEEDED) -> None:
    """Check that there are lesions to train on, and lesions to find in the test patients.

    `split` is the table of `split_cohort`, `needed` as there.

    Raises
    ------
    InputError
        All patients for training, or all test patients, are without a labelled lesion.
    """
    for part in needed:
        own = split[split["split"] == part]
        if not own["lesions"].any():
            names = ", ".join(own["patient"][:3]) + (", ..." if len(own) > 3 else "")
            raise InputError(
                f"cohort: none of the {len(own)} patients for {part} has a labelled lesion "
                f"({names}); check their labels, or change the split"
            )


def draw_split(lesion_loads: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Draw test and validation patients, stratified by lesion load.

    Patients are ordered by lesion volume, then by number of lesions. To draw k of them, the order
    is cut into k equal strata and one patient is drawn from each: every part of the split then
    spans small and large loads.

    Parameters
    ----------
    lesion_loads
        Table `patient, lesions, lesion_ml`.
    draw
        Each share is rounded to patients, to at least one if it is above 0. The same seed and
        loads give the same split, whatever the order of the rows.

    Returns
    -------
    Table `patient, split`, in the order of `lesion_loads`.

    Raises
    ------
    InputError
        The shares leave no patient to train on or none to test.
    """
    sizes = sizes_of_drawn(len(lesion_loads), draw.validation_share, draw.test_share)
    generator = np.random.default_rng(draw.seed)
    ordered = lesion_loads.sort_values(["lesion_ml", "lesions", "patient"])["patient"].tolist()
    test = _draw_stratified(ordered, sizes["test"], generator)
    others = [patient for patient in ordered if patient not in test]
    validation = _draw_stratified(others, sizes["validation"], generator)
    parts = {**dict.fromkeys(test, "test"), **dict.fromkeys(validation, "validation")}
    patients = lesion_loads["patient"].reset_index(drop=True)
    return pd.DataFrame({"patient": patients, "split": patients.map(parts).fillna("train")})


def _draw_stratified(ordered: list[str], count: int, generator: np.random.Generator) -> list[str]:
    strata = np.array_split(ordered, count) if count else []
    return [str(generator.choice(stratum)) for stratum in strata]
