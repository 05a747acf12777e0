"""Zip archives of networks, as bundles are distributed: unpacked into a temporary folder."""

import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from mrelevance.networks.building import first_line
from mrelevance.runtime.errors import InputError

LARGEST = 2**36
"""Bytes that an archive may hold when it is unpacked."""


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack a zip archive into a temporary folder, which is removed at the end of the block.

    If all of the archive lies in one folder, that folder is given.

    Raises
    ------
    InputError
        The archive is damaged, would be larger than 64 GiB, or holds links, or paths that lead out
        of the folder.
    """
    with TemporaryDirectory(prefix="mrelevance-") as temporary:
        folder = Path(temporary)
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                for member in members:
                    _check_member(member, path)
                if sum(member.file_size for member in members) > LARGEST:
                    raise InputError(f"{path} would be larger than 64 GiB; unpack it yourself")
                for member in members:
                    _unpack(archive, member, folder)
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
            raise InputError(
                f"{path} cannot be unpacked ({first_line(error)}); get the archive again"
            ) from error
        inside = list(folder.iterdir())
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _check_member(member: zipfile.ZipInfo, path: Path) -> None:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in str(name):
        raise InputError(
            f"{path} holds {member.filename!r}, which leads out of its folder; do not use it"
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"{path} holds a link, {member.filename!r}; pack the file itself")


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / PurePosixPath(member.filename.replace("\\", "/"))
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, open(target, "xb") as copy:
        shutil.copyfileobj(source, copy)
