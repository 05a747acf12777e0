"""Weights from files: read without running anything, and fitted into a network."""

import io
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mrelevance.networks.building import first_line
from mrelevance.networks.imported.archive import check_sizes
from mrelevance.networks.imported.torchscript import is_torchscript, weights_of_script
from mrelevance.runtime.errors import InputError

SHOWN = 3
"""Keys that an error names of those that do not fit."""

COUNTERS = "num_batches_tracked"
"""Normalisation counts batches for training alone; older files lack the counter."""

UNREADABLE = (
    RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError, TypeError,
    AttributeError, IndexError, AssertionError, ImportError, zipfile.BadZipFile, RecursionError,
    MemoryError, zlib.error,
)  # fmt: skip
"""What reading a damaged or unsuitable file raises."""

SAVE = "torch.save(network.state_dict(), 'weights.pt')"


def read_state(path: Path) -> dict[str, Tensor]:
    """Read the weights in a file that `torch.save` or `torch.jit.save` wrote, on the CPU.

    The file may hold more than weights, such as a checkpoint with an optimiser, or the weights
    inside of other mappings. Of TorchScript, only the weights are read.

    Raises
    ------
    InputError
        The file is missing or damaged, holds objects other than tensors and plain data, or holds no
        weights, or several sets of them.
    """
    try:
        if is_torchscript(path):
            return weights_of_script(path)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                check_sizes(archive, path)
        content = torch.load(io.BytesIO(path.read_bytes()), "cpu", weights_only=True)
        found = _states_in(content)
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give the file of the weights") from error
    except UNREADABLE as error:
        if "weights_only" in str(error) or isinstance(error, pickle.UnpicklingError):
            raise InputError(
                f"{path} holds more than weights, and opening it could run code; save the weights "
                f"alone, with {SAVE}"
            ) from error
        raise InputError(
            f"{path} cannot be read as weights ({first_line(error)}); write it again, with {SAVE}"
        ) from error
    if len(found) != 1:
        names = ", ".join(name or "the file itself" for name in found)
        holds = f"several sets of weights ({names})" if found else "no weights"
        raise InputError(f"{path} holds {holds}; save the weights alone, with {SAVE}")
    return next(iter(found.values()))


def _states_in(content: Any, name: str = "") -> dict[str, dict[str, Tensor]]:
    """Mappings from names to tensors in a checkpoint, without those of optimisers."""
    if not isinstance(content, dict):
        return {}
    tensors = {str(key): value for key, value in content.items() if torch.is_tensor(value)}
    if tensors and all(isinstance(key, str) for key in content):
        return {name: tensors}
    found = {}
    for key, value in content.items():
        if "optim" not in str(key) and "sched" not in str(key):
            found |= _states_in(value, f"{name}.{key}" if name else str(key))
    return found


def fit_state(network: nn.Module, state: dict[str, Tensor], what: str) -> None:
    """Load weights into a network.

    A prefix that all names in the network have in the file, such as `module.` or `network.`, is
    left out.

    Raises
    ------
    InputError
        A weight is missing, has another shape, holds no finite numbers, or is not one of the
        network; `what` names the file.
    """
    expected = network.state_dict()
    state = _without_prefix(state, expected)
    state = {key: value for key, value in state.items() if key in expected or _is_weight(key)}
    missing = [key for key in expected if key not in state and not key.endswith(COUNTERS)]
    unknown = [key for key in state if key not in expected]
    shaped = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(expected[key].shape)}"
        for key in expected
        if key in state and state[key].shape != expected[key].shape
    ]
    problems = [
        f"{name}: {_listed(keys)}"
        for name, keys in (
            ("not in the file", missing),
            ("not in the network", unknown),
            ("of another shape", shaped),
        )
        if keys
    ]
    if not problems:
        strange = [key for key, value in state.items() if not _is_plain(value)]
        if strange:
            raise InputError(
                f"{what}: {_listed(strange)}: not an ordinary tensor of real, finite numbers, as "
                "after a training that diverged; save the weights of a network that works"
            )
    if problems:
        raise InputError(
            f"{what}: its weights do not fit the network: {'; '.join(problems)}; correct the name "
            "and the arguments of the network"
        )
    network.load_state_dict(state, strict=False)


def _is_plain(value: Tensor) -> bool:
    """Whether values can be copied into a network, and are finite numbers."""
    if type(value) not in (Tensor, nn.Parameter) or value.layout != torch.strided:
        return False
    packed = value.is_floating_point() and value.element_size() < 2
    if value.is_meta or value.is_quantized or value.is_complex() or packed:
        return False
    return bool(torch.isfinite(value).all())


def _is_weight(key: str) -> bool:
    return not key.endswith(COUNTERS)


def _without_prefix(state: dict[str, Tensor], expected: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights whose names lack the prefix under which the network's own are found."""
    if not expected or any(key in state for key in expected):
        return state
    wanted = next(iter(expected))
    for key in state:
        if key.endswith(f".{wanted}"):
            prefix = key.removesuffix(wanted)
            return {
                name.removeprefix(prefix): value
                for name, value in state.items()
                if name.startswith(prefix)
            }
    return state


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return f"{', '.join(keys[:SHOWN])}{more}"
