"""Zip archives of networks: how large they would become, and bundles in a temporary folder."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from mrelevance.networks.building import first_line
from mrelevance.runtime.errors import InputError

UNREADABLE = (
    zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError,
    zlib.error,
)  # fmt: skip
"""What reading a damaged archive raises."""

LARGEST = 2**36
"""Bytes that an archive may hold when it is unpacked."""

MOST_COMPRESSED, ALWAYS_ALLOWED = 100, 2**26
"""How many times its own size an archive may hold, beside a few bytes. Weights hardly compress."""


def check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    """Check that an archive holds no more than a network would, as its list of files says.

    Nothing is read beyond what that list says.

    Raises
    ------
    InputError
        It would fill memory or disk, or holds two files of one name.
    """
    total = sum(member.file_size for member in archive.infolist())
    if total > min(LARGEST, MOST_COMPRESSED * path.stat().st_size + ALWAYS_ALLOWED):
        raise InputError(
            f"{path} of {path.stat().st_size:,} bytes would hold {total:,} bytes, which no network "
            "does; get it again from its makers"
        )
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise InputError(f"{path} holds two files of one name; get it again from its makers")


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack a zip archive into a temporary folder, which is removed at the end of the block.

    If all of the archive lies in one folder, that folder is given.

    Raises
    ------
    InputError
        The archive is damaged, would become too large, or holds links or devices, or paths that
        lead out of the folder.
    """
    with TemporaryDirectory(prefix="mrelevance-") as temporary:
        folder = Path(temporary)
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                for member in members:
                    _check_member(member, path)
                check_sizes(archive, path)
                for member in members:
                    _unpack(archive, member, folder)
        except InputError:
            raise
        except UNREADABLE as error:
            raise InputError(
                f"{path} cannot be unpacked ({first_line(error)}); get the archive again"
            ) from error
        inside = list(folder.iterdir())
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _check_member(member: zipfile.ZipInfo, path: Path) -> None:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    strange = ":" in str(name) or not str(name).isprintable()
    if name.is_absolute() or ".." in name.parts or strange:
        raise InputError(
            f"{path} holds {member.filename!r}, which leads out of its folder; do not use it"
        )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InputError(
            f"{path} holds a link or a device, {member.filename!r}; pack the file itself"
        )


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / PurePosixPath(member.filename.replace("\\", "/"))
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, open(target, "xb") as copy:
        shutil.copyfileobj(source, copy)
