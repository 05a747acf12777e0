"""The parts of a cohort's split, and how many patients each gets when it is drawn.

Uses only the standard library: Snakemake's own environment has no numpy.
"""

from collections.abc import Mapping

from mrelevance.runtime.errors import InputError

PARTS = ("train", "validation", "test")
EXCLUDED = "excluded"
"""Part of the patients who were left out because a registration failed."""
INCOMPLETE = "incomplete"
"""Part of the patients who were left out because they lack a sequence, the label or the mask."""
FEW_TESTED = 5
"""With fewer test patients, statistics over patients mean little."""


def sizes_of_drawn(count: int, validation_share: float, test_share: float) -> dict[str, int]:
    """Numbers of test and validation patients among `count`, by the names of the parts.

    Each share is rounded to patients, to at least one if it is above 0.

    Raises
    ------
    InputError
        The shares leave no patient to train on or none to test.
    """
    tests, validations = (
        max(1, round(share * count)) if share > 0 else 0 for share in (test_share, validation_share)
    )
    if tests == 0 or tests + validations >= count:
        raise InputError(
            f"cohort: {count} patients cannot be split with test_share {test_share} and "
            f"validation_share {validation_share}: {tests} would be for test, {validations} "
            "for validation; leave at least one for training and one for test"
        )
    return {"train": count - tests - validations, "validation": validations, "test": tests}


def cautions(sizes: Mapping[str, int], trained_elsewhere: bool = False) -> list[str]:
    """What the numbers of patients in the parts of a split mean for the study, in sentences."""
    found = []
    if not sizes["validation"] and not trained_elsewhere:
        found.append(
            "There are no validation patients: the network keeps the weights of its last step, "
            "whether or not they are the best. Give some patients the split validation, or raise "
            "cohort.validation_share."
        )
    if sizes["test"] < FEW_TESTED:
        found.append(
            f"Test patients: {sizes['test']}. Intervals and tests over fewer than {FEW_TESTED} "
            "patients mean little."
        )
    return found
