"""Kinds of cohorts: where the patients come from.

The rules `workflow/rules/raw_{kind}.smk` make `results/raw/` of a kind. Nothing downstream knows
the kind, but for what is declared here. Uses only the standard library.
"""

from dataclasses import dataclass

from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Kind:
    """What the workflow must know of a kind of cohort.

    Attributes
    ----------
    reads_images
        Whether the sample sheet names the images and labels of the patients. Otherwise patients
        follow from their names and `cohort.seed`.
    with_truth
        Whether `raw/{patient}/truth/` holds what is known of the patients: the organ
        (`liver.nii.gz`), the motion (`landmarks.tsv`, `displacement_{sequence}.nii.gz`) and how
        visible each lesion is (`conspicuity.tsv`).
    """

    reads_images: bool
    with_truth: bool


KINDS = {
    "phantom": Kind(reads_images=False, with_truth=True),
    "images": Kind(reads_images=True, with_truth=False),
}
"""By the name that `cohort.source` of the configuration gives."""


def kind_of(source: str) -> Kind:
    """Kind of cohort that `cohort.source` names.

    Raises
    ------
    InputError
        There is no such kind.
    """
    if source not in KINDS:
        raise InputError(f"configuration: cohort.source is {source}; known are {', '.join(KINDS)}")
    return KINDS[source]
