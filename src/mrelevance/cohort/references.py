"""How a sample sheet names an image: a path, and which volume or series of it.

`T2.nii.gz` is a file, `T2` a folder with one DICOM series. `4D.nii.gz#2` is volume 2 of a 4D file,
counted from 0; `study#1.2.840.1` the series with this UID in a folder of several. Uses only the
standard library.
"""

import re
from pathlib import Path

_WITH_PART = re.compile(r"(?P<path>.+)#(?P<part>\d+(?:\.\d+)*)")
IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".dcm")


def path_of(reference: str) -> str:
    """Path of the file or folder that a reference names."""
    found = _WITH_PART.fullmatch(reference)
    return found["path"] if found else reference


def part_of(reference: str) -> str | None:
    """Number of a volume or UID of a series that a reference names; None for all of the path."""
    found = _WITH_PART.fullmatch(reference)
    return found["part"] if found else None


def reference(path: str | Path, part: str | int | None) -> str:
    """Reference to a path, or to one volume or series of it."""
    return str(path) if part is None else f"{path}#{part}"


def names_an_image(cell: str) -> bool:
    """Whether a cell of a sample sheet can only be a reference to an image."""
    path = path_of(cell)
    return path.lower().endswith(IMAGE_SUFFIXES) or "/" in path or "\\" in path


def bytes_of(path: Path) -> int:
    """Size of a file, or of all files in a folder, in bytes."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
