"""Networks that a user's Python function makes: its code is run, so it needs explicit trust."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from mrelevance.networks.building import first_line
from mrelevance.networks.imported.assembling import assembled
from mrelevance.networks.imported.description import complete_description
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.network_source import Factory, would_run

KIND = "factory"
WEIGHTS = "weights of the network"
"""Name of their checksum among those of the files."""


def load_factory(
    source: str,
    factory: Factory,
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
        As it was given, for errors.
    factory
        The function; its module is looked for in its folder first, then among installed ones.
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
        raise InputError(would_run(source, factory))
    described = complete_description(given, source)
    function, file = _function(factory, source)
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
    network = network.cpu().eval()
    predictor = assembled(
        network, described, KIND, Path(source), {file.name: file},
        precision=precision, device=device,
    )  # fmt: skip
    # The weights come from wherever the function takes them.
    files = predictor.deployment.files | {WEIGHTS: weights_sha256(network)}
    predictor.deployment = replace(predictor.deployment, files=files)
    return predictor


def weights_sha256(network: nn.Module) -> str:
    """SHA-256 of names, shapes and values of the weights of a network on the CPU."""
    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        if torch.is_tensor(value):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _function(factory: Factory, source: str) -> tuple[Callable[[], nn.Module], Path]:
    """The function and the file of its module."""
    try:
        module = _module(factory)
    except FileNotFoundError as error:
        raise InputError(
            f"{source}: {factory.file} does not exist; give the file of the code"
        ) from error
    # Importing a user's module raises errors of any kind.
    except Exception as error:
        raise InputError(
            f"{source}: the module cannot be imported ({type(error).__name__}: "
            f"{first_line(error)}); check its name and what it needs"
        ) from error
    function = getattr(module, factory.function, None)
    if not callable(function) or module.__file__ is None:
        raise InputError(
            f"{source}: {factory.file} has no function {factory.function}; check its name"
        )
    return function, Path(module.__file__)


def _module(factory: Factory) -> ModuleType:
    # Modules that are imported in turn may lie beside it.
    folder = str(factory.folder.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if factory.module is not None:
        return importlib.import_module(factory.module)
    spec = importlib.util.spec_from_file_location(factory.file.stem, factory.file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
