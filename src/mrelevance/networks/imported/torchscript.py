"""TorchScript: its weights are read, its code is not run.

A TorchScript file is a program: opening it with `torch.jit.load` runs what its modules do when they
are restored, and its operations include reading and writing files. Its weights lie beside the code,
named as in the network that was scripted or traced.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch._weights_only_unpickler import get_globals_in_pkl

from mrelevance.networks.imported.archive import check_sizes
from mrelevance.networks.imported.program_archive import EXPORT
from mrelevance.runtime.errors import InputError

CLASSES, MARKERS = "__torch__.", "torch.jit._pickle."
"""How the names of a script's classes begin, and those of functions that mark types of lists."""

WEIGHTS, CODE = "data.pkl", "/code/"
DEEPEST = 64
"""Modules within modules; more are a circle."""

WITHOUT_CODE = (
    f"where the network's own code is, export it with {EXPORT}, or save its weights with "
    "torch.save(network.state_dict(), 'weights.pt')"
)


class Restored:
    """Stands for every module of a script: it only holds what the file says of it."""


def as_given(value: Any, *_: Any) -> Any:
    """Stands for the functions that mark types of lists."""
    return value


def is_torchscript(path: Path) -> bool:
    """Whether a file is a TorchScript archive: a zip archive with a folder `code`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(CODE in name for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def weights_of_script(path: Path) -> dict[str, Tensor]:
    """Read the weights in a TorchScript file, by their names, on the CPU.

    Raises
    ------
    InputError
        It holds no weights with names, such as a script that was frozen.
    OSError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError, zipfile.BadZipFile
        It is damaged, or holds other objects.
    """
    content, known = _without_code(path)
    with torch.serialization.safe_globals(known):
        script = torch.load(content, "cpu", weights_only=True)
    found: dict[str, Tensor] = {}
    _collect(script, "", found, 0)
    if not found:
        raise InputError(
            f"{path} is TorchScript whose weights have no names, as after torch.jit.freeze, and "
            f"its code is not run; {WITHOUT_CODE}"
        )
    return found


def _without_code(path: Path) -> tuple[io.BytesIO, list[tuple[Any, str]]]:
    """The archive as `torch.save` would write its weights, and stand-ins for what it names."""
    weights = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(weights, "w") as copy:
        check_sizes(archive, path)
        names = archive.namelist()
        folder = names[0].partition("/")[0]
        objects = archive.read(f"{folder}/{WEIGHTS}")
        kept = (
            f"{folder}/{WEIGHTS}",
            f"{folder}/data/",
            f"{folder}/version",
            f"{folder}/byteorder",
        )
        for name in names:
            if name.startswith(kept):
                copy.writestr(name, archive.read(name))
    weights.seek(0)
    named = get_globals_in_pkl(io.BytesIO(objects))
    stand_ins = [(Restored, name) for name in named if name.startswith(CLASSES)]
    stand_ins += [(as_given, name) for name in named if name.startswith(MARKERS)]
    return weights, stand_ins


def _collect(module: Any, prefix: str, found: dict[str, Tensor], depth: int) -> None:
    """Add all tensors of a module and of those inside it, by their names in its state dict."""
    if depth > DEEPEST or not isinstance(module, Restored):
        return
    for name, value in vars(module).items():
        if torch.is_tensor(value):
            found[f"{prefix}{name}"] = value
        else:
            _collect(value, f"{prefix}{name}.", found, depth + 1)
