"""Folders of a size of their own, to see what happens on a full disk and in read-only folders."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.needs import not_tested


def _mount(*arguments: str | Path) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        not_tested(
            f"not tested: full disks and read-only folders, as mount says {done.stderr.strip()!r}; "
            "run the tests as root, or in a user namespace: unshare --map-root-user --mount"
        )


def _unmount(folder: Path) -> None:
    # At once, though a file may still be open in a library's error.
    subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """The folder as an empty disk of that size."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder)
    try:
        yield folder
    finally:
        _unmount(folder)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """The folder as it is, but read-only, even for root."""
    _mount("--bind", folder, folder)
    try:
        _mount("-o", "remount,bind,ro", folder)
        yield folder
    finally:
        _unmount(folder)
