"""What the values of a label image mean: numbered lesions, and the class of every voxel.

The section `segmentation` of the configuration declares it for the whole cohort, so that a value
has one meaning in all patients.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import IGNORED, VALUES, Segmentation

MOST_LESIONS = 255  # labels are stored as uint8
CONNECTED = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Label:
    """What is drawn in one patient.

    Attributes
    ----------
    lesions
        Number of the lesion of each voxel, 1 to n, 0 outside, uint8 (D, H, W).
    classes
        Number of the class of each voxel, uint8 (D, H, W): 0 background, `IGNORED` where a voxel
        takes no part. None where the lesions say all.
    """

    lesions: np.ndarray
    classes: np.ndarray | None


def label_values(drawn: np.ndarray, what: str) -> dict[int, int]:
    """Values of a label other than 0, and the number of voxels of each.

    Raises
    ------
    InputError
        Values are not whole numbers.
    """
    values, counts = np.unique(drawn, return_counts=True)
    if np.any(values != np.round(values)):
        raise InputError(
            f"{what} holds values that are not whole numbers; give a label, not an image"
        )
    return {
        int(value): int(count) for value, count in zip(values, counts, strict=True) if value != 0
    }


def check_label_values(found: Mapping[str, Mapping[int, int]], segmentation: Segmentation) -> None:
    """Check that the configuration says what every value of the cohort's labels means.

    `found` are the `label_values` of each patient.

    Raises
    ------
    InputError
        A value is not declared, or the labels hold several values and nothing is declared.
    """
    patients: dict[int, list[str]] = {}
    for patient, values in found.items():
        for value in values:
            if value not in segmentation.ignore:
                patients.setdefault(value, []).append(patient)
    negative = [value for value in patients if value < 0]
    if negative:
        raise InputError(
            f"labels of {len(found)} patients: {_counted(negative, patients)}; values must be "
            "whole numbers from 0: give a label, not an image, or list them in segmentation.ignore"
        )
    if segmentation.declared:
        unknown = [value for value in patients if value not in segmentation.classes.values()]
    else:
        unknown = list(patients)
    table = _counted(unknown, patients)
    if segmentation.declared and unknown:
        known = ", ".join(f"{name} {value}" for name, value in segmentation.classes.items())
        raise InputError(
            f"labels of {len(found)} patients: values that segmentation.classes does not name: "
            f"{table}; it names {known}; name them as well, or list them in segmentation.ignore"
        )
    if not segmentation.declared and segmentation.lesions != VALUES and len(unknown) > 1:
        raise InputError(
            f"labels of {len(found)} patients: several values, whose meaning is open: {table}; if "
            "each value is a kind of tissue, declare segmentation.classes, such as {necrosis: 1, "
            "oedema: 2}; if each value is one lesion, set segmentation.lesions: values"
        )


def check_classes_occur(found: Mapping[str, Mapping[int, int]], segmentation: Segmentation) -> None:
    """Check that every declared class is drawn in some patient; `found` as above.

    Raises
    ------
    InputError
        A class occurs in no label, so that no network can learn it.
    """
    drawn = {value for values in found.values() for value in values}
    missing = [name for name, value in segmentation.classes.items() if value not in drawn]
    if segmentation.declared and missing:
        names = ", ".join(f"{name} ({segmentation.classes[name]})" for name in missing)
        raise InputError(
            f"labels of {len(found)} patients: no voxel of {names}; the values are "
            f"{', '.join(map(str, sorted(drawn))) or 'all 0'}; correct segmentation.classes"
        )


def understand_label(drawn: np.ndarray, segmentation: Segmentation, what: str) -> Label:
    """Lesions and classes of a label.

    Parameters
    ----------
    drawn
        (D, H, W), whole numbers.
    segmentation
        What the values mean. Lesions are the connected components, through faces, edges and
        corners, of all classes of explained regions, the largest first; or each value is a lesion,
        and their order stays.
    what
        Names patient and file in the error.

    Raises
    ------
    InputError
        A value is not declared, or there are over 255 lesions.
    """
    values = [value for value in label_values(drawn, what) if value not in segmentation.ignore]
    check_label_values({what: dict.fromkeys(values, 1)}, segmentation)
    ignored = np.isin(drawn, segmentation.ignore)
    if segmentation.lesions == VALUES:
        tumour = np.where(ignored, 0, drawn)
        lesions = np.searchsorted([0, *values], tumour)
        classes = np.where(lesions > 0, 1, 0)
    else:
        classes = _classes(drawn, values, segmentation)
        lesions = connected_lesions(np.isin(classes, segmentation.lesion_classes))
    if lesions.max() > MOST_LESIONS:
        raise InputError(
            f"{what} holds {lesions.max()} lesions, at most {MOST_LESIONS} are possible; "
            "remove specks or join lesions that belong together"
        )
    lesions = lesions.astype(np.uint8)
    if not segmentation.needs_classes:
        return Label(lesions, None)
    return Label(lesions, np.where(ignored, IGNORED, classes).astype(np.uint8))


def connected_lesions(mask: np.ndarray) -> np.ndarray:
    """Number the connected components of a bool mask (D, H, W) from 1, the largest first."""
    instances, count = ndimage.label(mask, structure=CONNECTED)
    sizes = np.bincount(instances.ravel(), minlength=count + 1)[1:]
    numbers = np.zeros(count + 1, int)
    numbers[np.argsort(-sizes, kind="stable") + 1] = np.arange(1, count + 1)
    return numbers[instances]


def region_lesions(
    lesions: np.ndarray, classes: np.ndarray, inside: tuple[int, ...], all_of: tuple[int, ...]
) -> np.ndarray:
    """Lesions of a region, numbered from 1, (D, H, W).

    Parameters
    ----------
    lesions
        Numbered lesions (D, H, W), which consist of the classes `all_of`.
    classes
        Number of the class of each voxel (D, H, W).
    inside
        Classes of the region.

    Returns
    -------
    The numbered lesions themselves if the region has all their classes; else the connected
    components of the region.
    """
    if set(inside) == set(all_of):
        return lesions
    return connected_lesions(np.isin(classes, inside))


def _classes(drawn: np.ndarray, values: list[int], segmentation: Segmentation) -> np.ndarray:
    """Number of the class of each voxel, 0 for the background."""
    if not segmentation.declared:
        return np.isin(drawn, values).astype(np.uint8)
    classes = np.zeros(drawn.shape, np.uint8)
    for number, value in enumerate(segmentation.classes.values(), start=1):
        classes[drawn == value] = number
    return classes


def _counted(values: list[int], patients: Mapping[int, list[str]]) -> str:
    """Each value, in how many patients it occurs, and a few of them."""
    return ", ".join(
        f"{value} in {len(patients[value])} ({_some(patients[value])})" for value in sorted(values)
    )


def _some(patients: list[str]) -> str:
    """A few of the patients, for a message."""
    shown = ", ".join(patients[:3])
    return f"{shown}, ..." if len(patients) > 3 else shown
