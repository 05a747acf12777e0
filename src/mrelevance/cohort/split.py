"""Which patients train the network, which choose its best weights, which test it.

Patients left out of all three are `EXCLUDED`.
"""

import numpy as np
import pandas as pd

from mrelevance.runtime.errors import InputError

EXCLUDED = "excluded"


def split_cohort(
    sheet: pd.DataFrame,
    lesions: pd.DataFrame,
    excluded: list[str],
    validation_share: float,
    test_share: float,
    seed: int,
) -> pd.DataFrame:
    """Take the split of the sample sheet, or draw one if the sheet has none.

    Parameters
    ----------
    sheet
        The sample sheet: `patient`, and `split` if it has one.
    lesions
        Stacked lesion tables: at least `patient` and `volume_ml`, one row per lesion.
    excluded
        Patients to leave out, whatever the sheet says of them; they are not drawn.
    validation_share, test_share, seed
        Arguments of `draw_split`; not used if the sheet has a split.

    Returns
    -------
    Table `patient, split, lesions, lesion_ml`, in the order of the sheet; the split of patients
    left out is `EXCLUDED`.

    Raises
    ------
    InputError
        No patient is left to train on or to test.
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
        kept = draw_split(
            loads[~loads["patient"].isin(excluded)], validation_share, test_share, seed
        )
    for needed in ("train", "test"):
        if needed not in set(kept["split"]):
            raise InputError(
                f"cohort: no patient is left for {needed} without {', '.join(excluded)}; "
                "mend their registrations or set motion.on_failure to continue"
            )
    parts = loads["patient"].map(kept.set_index("patient")["split"]).fillna(EXCLUDED)
    loads.insert(1, "split", parts)
    return loads


def draw_split(
    lesion_loads: pd.DataFrame, validation_share: float, test_share: float, seed: int
) -> pd.DataFrame:
    """Draw test and validation patients, stratified by lesion load.

    Patients are ordered by lesion volume, then number of lesions. To draw k of them the order is
    cut into k equal strata and one patient is drawn from each, so that every part of the split
    spans small and large loads.

    Parameters
    ----------
    lesion_loads
        Table `patient, lesions, lesion_ml`.
    validation_share, test_share
        Shares of all patients, rounded to patients, at least one for each share above zero.
    seed
        The same seed and loads give the same split, whatever the order of the rows.

    Returns
    -------
    Table `patient, split`, in the order of `lesion_loads`.

    Raises
    ------
    InputError
        The shares leave no patient to train on or none to test.
    """
    count = len(lesion_loads)
    tests, validations = (
        max(1, round(share * count)) if share > 0 else 0 for share in (test_share, validation_share)
    )
    if tests == 0 or tests + validations >= count:
        raise InputError(
            f"cohort of {count} patients cannot be split with test_share {test_share} and "
            f"validation_share {validation_share}: {tests} for test, {validations} for validation; "
            "at least one must be left for training and one for test"
        )
    generator = np.random.default_rng(seed)
    ordered = lesion_loads.sort_values(["lesion_ml", "lesions", "patient"])["patient"].tolist()
    test = _draw_stratified(ordered, tests, generator)
    validation = _draw_stratified([p for p in ordered if p not in test], validations, generator)
    parts = {**dict.fromkeys(test, "test"), **dict.fromkeys(validation, "validation")}
    patients = lesion_loads["patient"].reset_index(drop=True)
    return pd.DataFrame({"patient": patients, "split": patients.map(parts).fillna("train")})


def _draw_stratified(ordered: list[str], count: int, generator: np.random.Generator) -> list[str]:
    strata = np.array_split(ordered, count) if count else []
    return [str(generator.choice(stratum)) for stratum in strata]
