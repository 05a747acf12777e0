"""From one table per patient to one table of the cohort."""

import pandas as pd

from mrelevance.cohort.split import EXCLUDED
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError

# What identifies a row of each cohort table: no combination may occur twice.
KEYS = {
    "relevance": ["patient", "method", "target", "region", "lesion", "sequence"],
    "scores": ["patient"],
    "lesions": ["patient", "region", "region_id", "lesion"],
    "motion": ["patient", "sequence"],
    "context": ["patient", "method", "target", "region", "lesion", "zone", "sequence"],
    "targets": ["patient", "target", "region", "lesion", "sequence"],
    "contrast": ["patient", "region", "lesion", "sequence"],
}


def stack(kind: str, tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Cohort table of a `kind` in `KEYS`.

    Tables without rows (a patient without lesions) add nothing.

    Raises
    ------
    InputError
        A key column is missing, or a row occurs twice.
    """
    keys = KEYS[kind]
    if not tables:
        raise InputError(f"{kind} table: no patient's table was given")
    for table in tables:
        check_columns(table, keys, f"{kind} table{_of_patient(table)}")
    filled = [table for table in tables if len(table)]
    stacked = pd.concat(filled or tables[:1], ignore_index=True)
    twice = stacked[stacked.duplicated(keys)]
    if not twice.empty:
        row = ", ".join(f"{key} {twice.iloc[0][key]}" for key in keys)
        raise InputError(f"{kind} table: {row} occurs twice; remove one of the two")
    return stacked


def cohort_lesions(split: pd.DataFrame, lesions: list[pd.DataFrame]) -> pd.DataFrame:
    """Labelled lesions of all patients, each with its patient's split.

    Columns: patient, split, lesion, type, volume_ml, diameter_mm, in the order of `split`.

    Raises
    ------
    InputError
        A column is missing, or a lesion's patient is not in the split.
    """
    check_columns(split, ["patient", "split"], "split table")
    columns = ["patient", "lesion", "type", "volume_ml", "diameter_mm"]
    for table in lesions:
        check_columns(table, columns, f"lesion table{_of_patient(table)}")
    filled = [table[columns] for table in lesions if len(table)]
    if not filled:
        raise InputError("lesion tables: no patient has a labelled lesion; check the labels")
    stacked = pd.concat(filled, ignore_index=True)
    unknown = set(stacked["patient"]) - set(split["patient"])
    if unknown:
        raise InputError(
            f"lesion table of patient {min(unknown)}: the patient is not in the split table; "
            "add it to the sample sheet"
        )
    merged = split[["patient", "split"]].merge(stacked, on="patient", validate="one_to_many")
    return merged[["patient", "split", *columns[1:]]]


def cohort_table(split: pd.DataFrame, lesions: pd.DataFrame) -> pd.DataFrame:
    """The cohort at a glance: one row per split, and one for all patients that take part.

    Patients who were excluded follow in a row of their own, where there are any.

    `lesions` is the table of `cohort_lesions`. Columns: split, patients, patients_with_lesions,
    lesions, lesions_per_patient_median, volume_median_ml, volume_min_ml, volume_max_ml, and the
    number of lesions of each type as `type_...`.
    """
    types = sorted(lesions["type"].unique())
    rows = []
    taking_part = split["split"] != EXCLUDED
    chosen = {name: split["split"] == name for name in split.loc[taking_part, "split"].unique()}
    chosen["all"] = taking_part
    if not taking_part.all():
        chosen[EXCLUDED] = ~taking_part
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


def _of_patient(table: pd.DataFrame) -> str:
    if "patient" in table.columns and len(table):
        return f" of patient {table.iloc[0]['patient']}"
    return ""
