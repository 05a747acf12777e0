"""Archives of exported programs (`.pt2`): taken apart, checked, and read from what was checked."""

import io
import json
import logging
import math
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.export.pt2_archive._package import PT2ArchiveWriter

from mrelevance.networks.building import first_line
from mrelevance.networks.imported.archive import UNREADABLE, check_sizes
from mrelevance.networks.imported.program_check import harmless_program
from mrelevance.runtime.errors import InputError

EXPORT = "torch.export.save(torch.export.export(network.eval(), (image,)), 'network.pt2')"
EXTRA = "mrelevance.json"
"""Name of the description among the extra files of an archive."""

PAYLOAD = re.compile(r"(weight|tensor)_\d+")


@dataclass(frozen=True)
class StoredProgram:
    """An exported program, and the description that its archive holds, empty if it holds none."""

    program: torch.export.ExportedProgram
    description: dict


def read_program(path: Path) -> StoredProgram:
    """Read an exported program without running anything that its archive holds.

    Raises
    ------
    InputError
        The archive is damaged, of another version, holds compiled or pickled code, or its program
        is refused by `harmless_program`.
    """
    parts = _parts_of(path)
    compiled = [name for name in parts if "aotinductor" in name or name.endswith((".so", ".cpp"))]
    if compiled:
        raise InputError(
            f"{path} holds compiled code ({compiled[0]}), which is not run; give the program "
            f"itself: {EXPORT}"
        )
    if "models/model.json" not in parts:
        raise InputError(
            f"{path} holds no program as PyTorch {torch.__version__} writes it; export the network "
            f"again with this version: {EXPORT}"
        )
    archive = io.BytesIO()
    with PT2ArchiveWriter(archive) as writer:
        model = harmless_program(_json_of(parts, "models/model.json", path), str(path))
        writer.write_string("models/model.json", json.dumps(model))
        writer.write_bytes("data/sample_inputs/model.pt", b"")
        for folder, kind in (("weights", "weights"), ("constants", "constants")):
            name = f"data/{folder}/model_{kind}_config.json"
            config = _harmless_payloads(_json_of(parts, name, path), parts, f"data/{folder}", path)
            writer.write_string(name, json.dumps(config))
            for file in sorted({one["path_name"] for one in config["config"].values()}):
                writer.write_bytes(f"data/{folder}/{file}", parts[f"data/{folder}/{file}"])
    archive.seek(0)
    return StoredProgram(_loaded(archive, path), _description(parts, path))


def _parts_of(path: Path) -> dict[str, bytes]:
    """Content of the archive by its names, without the folder that all have in common."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_sizes(archive, path)
            return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give the file of the program") from error
    except UNREADABLE as error:
        raise InputError(
            f"{path} is damaged or no exported program ({first_line(error)}); export the network "
            f"again: {EXPORT}"
        ) from error


def _json_of(parts: dict[str, bytes], name: str, path: Path) -> Any:
    try:
        content = json.loads(parts[name])
    except (KeyError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} lacks {name}, or it is damaged; export the network again: {EXPORT}"
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: {name} holds no keys and values; export the network again")
    return content


def _harmless_payloads(config: dict, parts: dict[str, bytes], folder: str, path: Path) -> dict:
    """Where weights or constants lie, if all are plain tensors; they are put on the CPU.

    Their values lie in files below `folder`. No tensor may have more values than its file.
    """
    payloads = config.get("config")
    if not isinstance(payloads, dict):
        raise InputError(f"{path} does not say where its weights lie; export the network again")
    checked = {}
    for name, one in payloads.items():
        file = str(one.get("path_name")) if isinstance(one, dict) else ""
        meta = one.get("tensor_meta") if isinstance(one, dict) else None
        if not PAYLOAD.fullmatch(file) or one.get("use_pickle") or not isinstance(meta, dict):
            raise InputError(
                f"{path} holds {name} as a pickled object, and opening it could run code; export "
                f"a network whose weights are plain tensors: {EXPORT}"
            )
        if f"{folder}/{file}" not in parts or _values(meta) > len(parts[f"{folder}/{file}"]):
            raise InputError(
                f"{path}: the file of {name} is missing or too short; export the network again: "
                f"{EXPORT}"
            )
        checked[name] = one | {"tensor_meta": meta | {"device": {"type": "cpu", "index": None}}}
    return {"config": checked}


def _values(meta: dict) -> float:
    """Number of values of a tensor; infinite if its sizes are not written as numbers."""
    sizes = meta.get("sizes")
    lengths = [one.get("as_int") if isinstance(one, dict) else None for one in sizes or ()]
    whole = isinstance(sizes, list) and all(type(n) is int and n >= 0 for n in lengths)
    return math.prod(lengths) if whole else math.inf


def _loaded(archive: io.BytesIO, path: Path) -> torch.export.ExportedProgram:
    # PyTorch logs a traceback before it raises.
    logger = logging.getLogger("torch.export")
    disabled, logger.disabled = logger.disabled, True
    try:
        return torch.export.load(archive)
    # PyTorch's reader raises errors of any kind for programs that it cannot rebuild.
    except Exception as error:
        raise InputError(
            f"{path} cannot be read by PyTorch {torch.__version__} ({first_line(error)[:200]}); "
            f"export the network again with this version: {EXPORT}"
        ) from error
    finally:
        logger.disabled = disabled


def _description(parts: dict[str, bytes], path: Path) -> dict:
    name = f"extra/{EXTRA}"
    return _json_of(parts, name, path) if name in parts else {}
