"""Check the images of all patients by their headers: all problems at once, within seconds."""

import os
from pathlib import Path

from mrelevance.cohort.dicom.series import one_series
from mrelevance.cohort.files import UserImage, images_of, missing_files
from mrelevance.cohort.geometry import geometry_problems
from mrelevance.cohort.repeats import file_keys, repeats
from mrelevance.cohort.sheet import LABEL, MASK, Rows
from mrelevance.cohort.sources import grid_of_source, holds_series, read_source
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import Grid, check_overlap, check_same_grid
from mrelevance.runtime.images import to_array

Grids = dict[UserImage, Grid]


def check_cohort(configuration: dict, sheet: Rows, folder: str | Path) -> list[str]:
    """Check files, headers and grids of a cohort of images.

    Parameters
    ----------
    configuration
        The checked configuration.
    sheet
        The rows of the sample sheet.
    folder
        The folder at which relative paths of the sheet start.

    Returns
    -------
    One line for each problem, in the order of the sheet: patient, sequence, file, what is wrong,
    what to do. Empty if there is none.
    """
    folder = Path(folder)
    images = images_of(sheet, configuration["sequences"], folder)
    if not any(os.path.exists(image.path) for image in images):
        return missing_files(images, folder)
    problems: dict[UserImage, list[str]] = {image: [] for image in images}
    grids: Grids = {}
    for image in images:
        try:
            grids[image] = _grid(image, grids, configuration)
        except InputError as error:
            problems[image].append(str(error))
    for image in grids:
        problems[image] += _misplaced(image, grids, configuration["fixed_sequence"])
    fixed = _grids_of(configuration["fixed_sequence"], grids)
    spacing_mm = configuration["preprocess"]["spacing_mm"]
    of_cohort = geometry_problems(fixed, configuration["fixed_sequence"], spacing_mm)
    for image, repeat in repeats(file_keys(list(grids)), _is_empty).items():
        problems[image].append(repeat)
    return of_cohort + [problem for own in problems.values() for problem in own]


def _grid(image: UserImage, grids: Grids, configuration: dict) -> Grid:
    """Grid of an image from its header; a DICOM segmentation is put on that of the fixed one."""
    if image.column in (LABEL, MASK) and holds_series(image.path):
        fixed = _grids_of(configuration["fixed_sequence"], grids).get(image.patient)
        if fixed is not None and one_series(image.path, image.part, image.what).is_segmentation:
            return fixed
    return grid_of_source(image.reference, image.what, configuration["cohort"]["nifti_geometry"])


def _misplaced(image: UserImage, grids: Grids, fixed_sequence: str) -> list[str]:
    """Say if a sequence lies beside the fixed one, or a label or mask on another grid."""
    fixed = _grids_of(fixed_sequence, grids).get(image.patient)
    if fixed is None or image.column == fixed_sequence:
        return []
    what = f"{image.what}: {image.path}"
    try:
        if image.column in (LABEL, MASK):
            check_same_grid(grids[image], fixed, f"{what} (drawn on {fixed_sequence})")
        else:
            check_overlap(grids[image], fixed, what, fixed_sequence)
    except InputError as error:
        return [f"{error}{_where_it_fits(image, grids, fixed_sequence)}"]
    return []


def _where_it_fits(image: UserImage, grids: Grids, fixed_sequence: str) -> str:
    """Whose grid a misplaced label or mask lies on; nothing if on no image's."""
    if image.column not in (LABEL, MASK):
        return ""
    own = [
        other.column
        for other in grids
        if other.patient == image.patient
        and other.column not in (LABEL, MASK)
        and grids[other].same(grids[image])
    ]
    if own:
        return (
            f". It lies on the grid of {' and '.join(own)}: set fixed_sequence to the sequence it "
            f"is drawn on, or resample it to {fixed_sequence}"
        )
    others = [
        patient
        for patient, grid in _grids_of(fixed_sequence, grids).items()
        if grid.same(grids[image])
    ]
    if not others:
        return ""
    more = f" and {len(others) - 1} other patients" if len(others) > 1 else ""
    return (
        f". It lies on the grid of patient {others[0]}{more}: does this {image.column} belong to "
        "another patient?"
    )


def _grids_of(sequence: str, grids: Grids) -> dict[str, Grid]:
    return {image.patient: grid for image, grid in grids.items() if image.column == sequence}


def _is_empty(image: UserImage) -> bool:
    try:
        return not to_array(read_source(image.reference, image.what)).any()
    except InputError:
        return False
