"""Checks of the disk, before anything is computed: free space, cache."""

import os
import shutil
from pathlib import Path

from mrelevance.runtime.errors import InputError

# Measured on phantom patients: compressed images of all stages up to the network's input, and the
# relevance maps of one composite.
BYTES_PER_VALUE = 13
BYTES_PER_RELATED_VALUE = 28


def expected_bytes(values: float, tested: float, maps: int) -> float:
    """Disk space of a study's results, roughly.

    `values` is the number of voxels times sequences, summed over all patients; `tested` the share
    of test patients, whose relevance maps take most of the space; `maps` the number of composites
    times explained regions.
    """
    return values * (BYTES_PER_VALUE + tested * BYTES_PER_RELATED_VALUE * maps)


def check_free_space(folder: str | Path, needed_bytes: float) -> None:
    """Check that the disk of a folder has room for the results.

    Raises
    ------
    InputError
        It has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise InputError(
            f"disk of {Path(folder).resolve()}: the results need about {needed_bytes / 1e9:.1f} GB "
            f"and {free / 1e9:.1f} GB are free; make room or choose another --directory"
        )


def cache_folder() -> str | None:
    """Folder that Snakemake shares results through, as its user gave it; None if there is none."""
    return os.environ.get("SNAKEMAKE_OUTPUT_CACHE")


def check_cache_folder(folder: str | None) -> None:
    """Check the folder that results are shared through; None where it was not given.

    Raises
    ------
    InputError
        There is none, or it cannot be used.
    """
    advice = "give the full path of a folder that you may write to, or leave out --cache"
    if not folder:
        raise InputError(f"--cache needs the variable SNAKEMAKE_OUTPUT_CACHE; {advice}")
    if not Path(folder).is_absolute():
        # Results are links to it, from folders at any depth.
        raise InputError(f"SNAKEMAKE_OUTPUT_CACHE: {folder} is not a full path; {advice}")
    if not Path(folder).is_dir():
        raise InputError(f"SNAKEMAKE_OUTPUT_CACHE: the folder {folder} does not exist; {advice}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"SNAKEMAKE_OUTPUT_CACHE: {folder} cannot be written to; {advice}")
