"""What lies at a path that a user gave: a file that can be read, or what else.

Uses only the standard library: Snakemake's own environment has no other packages.
"""

import json
import os
import stat
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from mrelevance.runtime.errors import InputError

LIKE_ITS_NAME = 0.8
DICOM_MARK, DICOM_MARK_AT = b"DICM", 128
"""What DICOM files hold after 128 bytes (DICOM PS3.10, section 7.1)."""

LOOKED_AT = 200
"""Files of a folder that are opened to tell what it holds."""


def check_file(path: str | Path, what: str) -> int:
    """Check that a path leads to a file that can be read and is not empty; its size in bytes.

    `what` names the file in the error, for example `patient 07, sequence T2`.

    Raises
    ------
    InputError
        It does not exist, is a folder, cannot be opened, is empty, or only stands for a file that
        Git LFS or git-annex keeps elsewhere.
    """
    path = Path(path)
    try:
        found = os.stat(path)
        start = _start(path) if stat.S_ISREG(found.st_mode) else b""
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{what}: {path} {_missing(path)}") from error
    except PermissionError as error:
        raise InputError(
            f"{what}: {path} may not be read ({error.strerror}); give yourself the right to read "
            "the file and to enter its folders (chmod u+rX)"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{what}: {path} cannot be opened ({reason}); check the path and the disk it is on"
        ) from error
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{what}: {path} {_instead_of_a_file(path)}")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{what}: {path} is no regular file; give the path of an image file")
    if not start:
        raise InputError(f"{what}: {path} is empty (0 bytes); copy or convert it again")
    if start.startswith(b"version https://git-lfs"):
        raise InputError(
            f"{what}: {path} is a pointer of Git LFS, not the image; run git lfs pull in its folder"
        )
    if start.startswith(b"/annex/objects/"):
        raise InputError(
            f"{what}: {path} is a pointer of git-annex, not the image; run datalad get on it"
        )
    return found.st_size


def check_folder(path: str | Path, what: str) -> None:
    """Check that a path leads to a folder that can be listed.

    Raises
    ------
    InputError
        It does not.
    """
    path = Path(path)
    try:
        with os.scandir(path):
            pass
    except FileNotFoundError as error:
        raise InputError(f"{what}: folder {path} does not exist; correct the path") from error
    except NotADirectoryError as error:
        raise InputError(f"{what}: {path} is not a folder; give the folder of the images") from (
            error
        )
    except OSError as error:
        raise InputError(
            f"{what}: folder {path} cannot be read ({error.strerror}); check the path and its "
            "permissions"
        ) from error


def dataset_kind(folder: Path) -> str | None:
    """Layout of a dataset's own folder: nnU-Net, MSD or BIDS; None if it has none of them."""
    description = folder / "dataset.json"
    if description.is_file():
        try:
            content = json.loads(description.read_bytes())
        except (OSError, ValueError):
            content = {}
        # The Decathlon names its channels by `modality`, as nnU-Net v1 did.
        named = isinstance(content, dict) and "channel_names" in content
        separate = any(folder.glob("imagesT[rs]/*_0000.*"))
        return "nnU-Net" if named or separate else "MSD (Medical Segmentation Decathlon)"
    if (folder / "dataset_description.json").is_file() or any(folder.glob("sub-*/")):
        return "BIDS"
    return None


def holds_dicom(folder: Path) -> bool:
    """Whether one of the first files in a folder, or in the folders below it, is a DICOM file."""
    files = (Path(place) / name for place, _, names in os.walk(folder) for name in sorted(names))
    return any(_has_dicom_mark(path) for path in islice(files, LOOKED_AT))


def is_dicom(path: str | Path) -> bool:
    """Whether a file says at its beginning that it is DICOM.

    Raises
    ------
    InputError
        The file may not be read.
    """
    try:
        return _start(path).endswith(DICOM_MARK)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; check its permissions"
        ) from error


def _has_dicom_mark(path: Path) -> bool:
    """As `is_dicom`; a file that may not be read has no mark."""
    try:
        return is_dicom(path)
    except InputError:
        return False


def _start(path: str | Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(DICOM_MARK_AT + len(DICOM_MARK))


def _instead_of_a_file(folder: Path) -> str:
    """What a folder is that stands where a file is due, and what to do."""
    for place in (folder, folder.parent, folder.parent.parent):
        kind = dataset_kind(place)
        if kind:
            own = "is the folder of" if place == folder else "is a folder in"
            return (
                f"{own} a dataset in the layout of {kind}, and an image file is due; "
                f"python -m mrelevance init {place} writes a sample sheet for it"
            )
    if holds_dicom(folder):
        return (
            "is a folder of DICOM files, and an image file is due; python -m mrelevance init "
            "FOLDER, with the folder of all patients, reads DICOM series and writes a sample sheet"
        )
    count = len(_names(folder))
    return (
        f"is a folder with {count} {'entry' if count == 1 else 'entries'}, and an image file is "
        "due; give the path of the file, or let python -m mrelevance init FOLDER write the sample "
        "sheet"
    )


def _missing(path: Path) -> str:
    """How a path that does not exist goes wrong, and what to do."""
    if path.is_symlink():
        target = os.readlink(path)
        if ".git/annex/objects" in target:
            return "is a link of git-annex to a file that is not here; run datalad get on it"
        return f"is a link to {target}, which does not exist; mend the link"
    folder = path.parent
    while not folder.exists():
        if folder.parent.is_dir():
            return (
                f"does not exist, nor does its folder {folder}; check the sample sheet and "
                "cohort.data"
            )
        folder = folder.parent
    if not folder.is_dir():
        return f"does not exist: {folder} is a file; check the sample sheet and cohort.data"
    names = {name.lower(): name for name in _names(folder)}
    close = get_close_matches(path.name.lower(), names, n=1, cutoff=LIKE_ITS_NAME)
    advice = f"did you mean {names[close[0]]}? " if close else ""
    return f"does not exist; {advice}check the sample sheet and cohort.data"


def _names(folder: Path) -> list[str]:
    """Names in a folder; none if it may not be listed."""
    try:
        return os.listdir(folder)
    except OSError:
        return []
