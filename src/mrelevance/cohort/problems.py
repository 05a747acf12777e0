"""What is wrong with the images of a cohort, as far as the start of a run can tell.

Imports readers of images only inside the function: Snakemake's own environment has none.
"""

from pathlib import Path

from mrelevance.cohort.files import images_of, missing_files
from mrelevance.cohort.sheet import Rows


def image_problems(configuration: dict, sheet: Rows, folder: Path) -> list[str]:
    """Say what is wrong with files, headers and grids, see `check_cohort`; one line each.

    Where no reader of images is installed, it is only said which files cannot be opened; the
    rule check_headers does the rest, in the container.
    """
    try:
        from mrelevance.cohort.checking import check_cohort
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("mrelevance"):
            raise
        return missing_files(images_of(sheet, configuration["sequences"], folder), folder)
    return check_cohort(configuration, sheet, folder)
