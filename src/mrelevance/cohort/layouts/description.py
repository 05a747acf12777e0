"""What a layout says about a cohort, and the words by which names are told apart."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from mrelevance.cohort.references import IMAGE_SUFFIXES


@dataclass(frozen=True)
class Hints:
    """What the user says about a folder.

    Attributes
    ----------
    labels
        Folder of the labels, if they are not among the images.
    label
        Name of the label's files, where several could be it.
    """

    labels: Path | None = None
    label: str | None = None


@dataclass
class Patient:
    """One patient, or one visit of a subject.

    Attributes
    ----------
    images
        Sequence to the reference to its image (full path), where there is one.
    label
        Reference to the label; None where there is none.
    split, subject
        As in the sample sheet; None where the layout does not say.
    covariates
        Further facts, for further columns of the sheet.
    """

    name: str
    images: dict[str, str]
    label: str | None = None
    split: str | None = None
    subject: str | None = None
    covariates: dict[str, str] = field(default_factory=dict)


@dataclass
class Description:
    """A cohort as its layout describes it.

    Attributes
    ----------
    layout
        Name of the layout.
    sequences
        In the order of the network's channels.
    classes
        Class to the value in the labels; empty where the layout does not declare any.
    regions
        Region to its classes.
    ignore
        Values of voxels that are to be left out.
    drawn_on
        The sequence that the labels are drawn on, where the layout says so.
    aligned
        Whether the layout asks for images that are registered to each other.
    parts_of_body
        What the images show, in the words of the layout.
    notes
        What was left out or taken for granted, in sentences.
    """

    layout: str
    sequences: list[str]
    patients: list[Patient]
    classes: dict[str, int] = field(default_factory=dict)
    regions: dict[str, list[str]] = field(default_factory=dict)
    ignore: list[int] = field(default_factory=list)
    drawn_on: str | None = None
    aligned: bool = False
    parts_of_body: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


LABEL_WORDS = ("label", "lesion", "tumor", "tumour", "segment", "annotation", "truth", "mask")
LESION_WORDS = ("lesion", "tumor", "tumour")
LABEL_TOKENS = ("seg", "gt", "roi", "dseg", "rois", "contour", "contours")
ORGAN_WORDS = ("brain", "liver", "body", "prostate", "organ", "head", "skull", "bet")
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("validation", "val", "valid"), "validation"),
    **dict.fromkeys(("test", "testing", "ts"), "test"),
}
"""Part of the split by the name of a folder, in lower case."""


def safe_name(text: str) -> str:
    """Name of a patient or sequence, of characters that files and columns may have."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", plain.decode()).strip("_.-+ ") or "unnamed"


def class_name(text: str) -> str:
    """Name of a class or region; other than names of files it may have spaces."""
    return text if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._+-]*", text) else safe_name(text)


def unique_names(texts: Iterable[str]) -> list[str]:
    """Safe names of several texts; equal ones (upper and lower case count alike) get numbers."""
    found: list[str] = []
    taken: set[str] = set()
    for text in texts:
        name = safe_name(text)
        further = (f"{name}_{number}" for number in count(2))
        free = next(one for one in chain([name], further) if one.lower() not in taken)
        found.append(free)
        taken.add(free.lower())
    return found


def stem(path: Path) -> str:
    """Name of an image file without the suffix of its format, whatever its case."""
    name = path.name
    suffix = max((end for end in IMAGE_SUFFIXES if name.lower().endswith(end)), key=len)
    return name[: -len(suffix)]


def image_files(folder: Path) -> list[Path]:
    """All visible image files below a folder, but DICOM, in the order of their names."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.name.lower().endswith(IMAGE_SUFFIXES)
        and not path.name.lower().endswith(".dcm")
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]


def names_label(name: str) -> bool:
    """Whether a file's name says that it holds a label of lesions, and not of an organ."""
    text = name.lower()
    tokens = re.split(r"[^a-z]+", text)
    labels = any(word in text for word in LABEL_WORDS) or any(t in LABEL_TOKENS for t in tokens)
    return labels and not names_organ(name)


def names_organ(name: str) -> bool:
    """Whether a file's name says that it holds the mask of an organ."""
    text = name.lower()
    lesions = any(word in text for word in LESION_WORDS)
    masks = "mask" in text or "seg" in text or "label" in text
    return masks and not lesions and any(word in text for word in ORGAN_WORDS)
