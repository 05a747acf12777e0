"""Networks that a user's Python function makes: its code is run, so it needs explicit trust."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn

from mrelevance.networks.building import first_line
from mrelevance.networks.imported.assembling import assembled
from mrelevance.networks.imported.description import complete_description
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError

KIND = "factory"


def is_factory(source: str) -> bool:
    """Whether a text names a function, `package.module:function` or `file.py:function`."""
    place, separator, function = source.rpartition(":")
    parts = place.split(".")
    named = place.endswith(".py") or all(part.isidentifier() for part in parts)
    return bool(separator) and function.isidentifier() and named and not Path(source).exists()


def load_factory(
    source: str,
    *,
    given: Mapping,
    trust_code: bool = False,
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Call a function without arguments that returns a network with its weights.

    Parameters
    ----------
    source
        `package.module:function`, with the module found from the current folder or installed; or
        `path/to/file.py:function`.
    given
        What surrounds the network, see `Description`.
    trust_code
        Whether the code may run.

    Raises
    ------
    InputError
        There is no trust, the function cannot be found or fails, or it returns no network.
    """
    if not trust_code:
        raise InputError(
            f"{source} is Python code, which would be run; if you trust it, say so with "
            "trust_code=True"
        )
    place, _, name = source.rpartition(":")
    function, file = _function(place, name, source)
    described = complete_description(given, source)
    try:
        network = function()
    # A user's function raises errors of any kind.
    except Exception as error:
        raise InputError(
            f"{source}: the function fails ({type(error).__name__}: {first_line(error)}); mend it"
        ) from error
    if not isinstance(network, nn.Module):
        raise InputError(
            f"{source}: the function returns a {type(network).__name__}; let it return a "
            "torch.nn.Module with its weights"
        )
    return assembled(
        network.cpu().eval(),
        described,
        KIND,
        file,
        {file.name: file},
        precision=precision,
        device=device,
    )


def _function(place: str, name: str, source: str) -> tuple[Callable[[], nn.Module], Path]:
    """The function and the file of its module."""
    try:
        module = _module(place)
    except FileNotFoundError as error:
        raise InputError(f"{source}: {place} does not exist; give the file of the code") from error
    # Importing a user's module raises errors of any kind.
    except Exception as error:
        raise InputError(
            f"{source}: the module cannot be imported ({type(error).__name__}: "
            f"{first_line(error)}); check its name and what it needs"
        ) from error
    function = getattr(module, name, None)
    if not callable(function) or module.__file__ is None:
        raise InputError(f"{source}: there is no function {name} in {place}; check its name")
    return function, Path(module.__file__)


def _module(place: str):
    if place.endswith(".py"):
        spec = importlib.util.spec_from_file_location(Path(place).stem, place)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(place)
