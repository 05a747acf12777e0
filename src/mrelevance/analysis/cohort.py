"""Who takes part, and what the network found: the cohort at a glance."""

import pandas as pd

from mrelevance.cohort.parts import EXCLUDED, INCOMPLETE
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError


def summarise_cohort(split: pd.DataFrame, lesions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Describe the cohort: its labelled lesions, and one row per part of the split."""
    labelled = cohort_lesions(split, lesions)
    return {"cohort": cohort_table(split, labelled), "cohort_lesions": labelled}


def summarise_motion(quality: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Collect the quality of all registrations."""
    return {"motion": quality}


def summarise_segmentation(scores: pd.DataFrame, lesions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Collect the scores of the test patients, and their lesions: found, missed and false."""
    return {"scores": scores, "lesions": lesions}


def summarise_ablation(ablation: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Collect how the test patients are segmented from fewer sequences."""
    return {"ablation": ablation}


def cohort_lesions(split: pd.DataFrame, lesions: pd.DataFrame) -> pd.DataFrame:
    """Labelled lesions of all patients, each with its patient's split.

    Columns: patient, split, lesion, type, volume_ml, diameter_mm, in the order of `split`.

    Raises
    ------
    InputError
        A column is missing, there is no lesion, or a lesion's patient is not in the split.
    """
    check_columns(split, ["patient", "split"], "split table")
    columns = ["patient", "lesion", "type", "volume_ml", "diameter_mm"]
    check_columns(lesions, columns, "lesion table")
    if lesions.empty:
        raise InputError("lesion tables: no patient has a labelled lesion; check the labels")
    unknown = set(lesions["patient"]) - set(split["patient"])
    if unknown:
        raise InputError(
            f"lesion table of patient {min(unknown)}: the patient is not in the split table; "
            "add it to the sample sheet"
        )
    merged = split[["patient", "split"]].merge(
        lesions[columns], on="patient", validate="one_to_many"
    )
    return merged[["patient", "split", *columns[1:]]]


def cohort_table(split: pd.DataFrame, lesions: pd.DataFrame) -> pd.DataFrame:
    """The cohort at a glance: one row per split, and one for all patients who take part.

    Excluded and incomplete patients, where there are any, follow in rows of their own.

    `lesions` is the table of `cohort_lesions`. Columns: split, patients, patients_with_lesions,
    lesions, lesions_per_patient_median, volume_median_ml, volume_min_ml, volume_max_ml, and the
    number of lesions of each type as `type_...`.
    """
    types = sorted(lesions["type"].unique())
    rows = []
    taking_part = ~split["split"].isin([EXCLUDED, INCOMPLETE])
    chosen = {name: split["split"] == name for name in split.loc[taking_part, "split"].unique()}
    chosen["all"] = taking_part
    for left_out in (EXCLUDED, INCOMPLETE):
        if (split["split"] == left_out).any():
            chosen[left_out] = split["split"] == left_out
    for name, rows_of_split in chosen.items():
        patients = split.loc[rows_of_split, "patient"]
        own = lesions[lesions["patient"].isin(patients)]
        per_patient = own.groupby("patient").size().reindex(patients, fill_value=0)
        rows.append(
            {
                "split": name,
                "patients": len(patients),
                "patients_with_lesions": int((per_patient > 0).sum()),
                "lesions": len(own),
                "lesions_per_patient_median": per_patient.median(),
                "volume_median_ml": own["volume_ml"].median(),
                "volume_min_ml": own["volume_ml"].min(),
                "volume_max_ml": own["volume_ml"].max(),
                **{f"type_{kind}": int((own["type"] == kind).sum()) for kind in types},
            }
        )
    return pd.DataFrame(rows)
