"""Checkpoints of nnU-Net: read as data, so that no code from the file runs."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mrelevance.networks.building import first_line
from mrelevance.networks.nnunet.described import COPY_AGAIN
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import check_file

PREFIXES = ("module.", "_orig_mod.")
"""What parallel and compiled training put before the names of weights."""

_SCALAR = np._core.multiarray.scalar
NUMBERS: list[Callable | tuple[Callable, str]] = [
    *(_SCALAR, (_SCALAR, "numpy.core.multiarray.scalar")),
    *(np.dtype, np.dtypes.Float32DType, np.dtypes.Float64DType, np.dtypes.Int64DType),
]
"""What checkpoints hold beside tensors and plain values: numbers of numpy, 2 and 1, in the log."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says.

    Attributes
    ----------
    weights
        State of the network, by the names that it has outside parallel or compiled training.
    configuration
        Name of the configuration in the plans.
    trainer
        Name of the trainer's class.
    epochs
        Finished epochs of training; None if the file does not say it.
    mirrored
        Axes in space of the transposed array along which nnU-Net mirrors windows.
    """

    weights: dict[str, Tensor]
    configuration: str
    trainer: str
    epochs: int | None
    mirrored: tuple[int, ...]


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Weights stay in the file until they are used.

    Raises
    ------
    InputError
        The file is missing or damaged, holds more than data, or is no checkpoint of nnU-Net v2.
    """
    check_file(path, "nnU-Net")
    content = _load(path)
    weights = _entry(content, "network_weights", dict, path)
    if not weights or not all(isinstance(weight, Tensor) for weight in weights.values()):
        raise InputError(f"nnU-Net: {path}: network_weights does not hold tensors; {COPY_AGAIN}")
    arguments = _entry(content, "init_args", dict, path)
    epochs = content.get("current_epoch")
    mirrored = content.get("inference_allowed_mirroring_axes") or ()
    if not set(mirrored) <= {0, 1, 2} or len(set(mirrored)) != len(mirrored):
        raise InputError(
            f"nnU-Net: {path}: inference_allowed_mirroring_axes is {mirrored}, and axes in space "
            f"are due, each once; {COPY_AGAIN}"
        )
    return Checkpoint(
        weights={_plain(name): weight for name, weight in weights.items()},
        configuration=_entry(arguments, "configuration", str, path),
        trainer=_entry(content, "trainer_name", str, path),
        epochs=epochs if isinstance(epochs, int) else None,
        mirrored=tuple(mirrored),
    )


def _load(path: Path) -> dict:
    _check_archive(path)
    try:
        with torch.serialization.safe_globals(NUMBERS):
            forbidden = torch.serialization.get_unsafe_globals_in_checkpoint(path)
            if forbidden:
                raise InputError(
                    f"nnU-Net: {path} is refused: it holds more than weights and numbers "
                    f"({', '.join(forbidden[:3])}), which could run code when it is read; use a "
                    "checkpoint as nnU-Net wrote it, from a source you trust"
                )
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except InputError:
        raise
    # Damaged pickles raise errors of any kind.
    except Exception as error:
        raise InputError(
            f"nnU-Net: {path} cannot be read ({first_line(error)[:200]}); it is damaged or no "
            f"checkpoint: {COPY_AGAIN}"
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"nnU-Net: {path} holds a {type(content).__name__}, not a checkpoint; {COPY_AGAIN}"
        )
    return content


def _check_archive(path: Path) -> None:
    """Check that a file is a whole archive of torch: zip, uncompressed, with checksums."""
    if not zipfile.is_zipfile(path):
        raise InputError(
            f"nnU-Net: {path} is no archive of torch, as nnU-Net v2 writes it: it is cut off, or a "
            f"bare pickle, which could run code when it is read; {COPY_AGAIN}"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise InputError(f"nnU-Net: {path} is damaged ({error}); {COPY_AGAIN}") from error
    if damaged is not None:
        raise InputError(
            f"nnU-Net: {path} is damaged: {damaged} in it does not fit its checksum; {COPY_AGAIN}"
        )


def _entry(content: dict, key: str, kind: type, path: Path) -> Any:
    if not isinstance(content.get(key), kind):
        raise InputError(
            f"nnU-Net: {path} lacks {key}, which every checkpoint of nnU-Net v2 has; {COPY_AGAIN}"
        )
    return content[key]


def _plain(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name
