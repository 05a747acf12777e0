"""The page on which a reader checks every registration of a cohort."""

import jinja2
import pandas as pd

from mrelevance.registration.failures import failed_patients
from mrelevance.registration.measures import FLAGS
from mrelevance.runtime.columns import check_columns

PICTURES = 40  # shown at least, if there are as many registrations
COLUMNS = [
    "patient",
    "sequence",
    "method",
    "similarity_before",
    "similarity_after",
    "displacement_mean_mm",
    "displacement_p95_mm",
    "folded_share",
    "error_before_mm",
    "error_after_mm",
    "landmark_error_before_mm",
    "landmark_error_after_mm",
    "expected_error_mm",
    "expected_error_low_mm",
    "expected_error_high_mm",
    "jacobian_min",
    "jacobian_max",
    "coverage",
    "lesion_coverage",
    "flag",
    "reason",
]


def worst_first(quality: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows of the motion tables by flag, then by expected error, the worst first.

    Rows without an expected error come first among those of their flag.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(quality, COLUMNS, "motion table")
    severity = quality["flag"].map({flag: rank for rank, flag in enumerate(FLAGS)})
    return (
        quality.assign(severity=-severity)
        .sort_values(
            ["severity", "expected_error_mm", "patient", "sequence"],
            ascending=[True, False, True, True],
            na_position="first",
        )
        .drop(columns="severity")
        .reset_index(drop=True)
    )


def pictured(ordered: pd.DataFrame) -> pd.DataFrame:
    """Select the rows to show in a picture: the first `PICTURES`, and all whose flag is not good.

    `ordered` is the table of `worst_first`.
    """
    flagged = int((ordered["flag"] != "good").sum())
    return ordered.head(max(PICTURES, flagged))


def motion_page(
    template: str,
    ordered: pd.DataFrame,
    pictures: dict[tuple[str, str], str],
    fixed_sequence: str,
    settings: dict,
) -> str:
    """Fill the page: guide to the reader, table of all registrations, pictures of the worst.

    Parameters
    ----------
    template
        Jinja template of the page; text from the tables is escaped.
    ordered
        Table of `worst_first`.
    pictures
        (patient, sequence) to the URI of its picture, in the order of the page.
    fixed_sequence
        Name of the fixed sequence.
    settings
        Section `motion` of the configuration.

    Returns
    -------
    Self-contained HTML.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["digits"] = _with_digits
    rows = ordered.to_dict("records")
    by_pair = {(row["patient"], row["sequence"]): row for row in rows}
    return environment.from_string(template).render(
        rows=rows,
        shown=[(by_pair[pair], picture) for pair, picture in pictures.items()],
        counts=ordered["flag"].value_counts().reindex(FLAGS, fill_value=0).to_dict(),
        patients=ordered["patient"].nunique(),
        failed=sorted(failed_patients(ordered)),
        with_truth=bool(ordered["error_after_mm"].notna().any()),
        fixed_sequence=fixed_sequence,
        settings=settings,
    )


def _with_digits(value: float, digits: int) -> str:
    """Format a number with so many decimals, or as NA if it is missing."""
    return "NA" if pd.isna(value) else f"{value:.{digits}f}"
