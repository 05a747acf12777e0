"""Where a network that is trained already lies, and which files of it are read.

Uses only the standard library, because the workflow reads this module while it plans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.nnunet_folder import (
    DATASET,
    PLANS,
    checkpoint_path,
    choose_folds,
    is_results_folder,
)
from mrelevance.runtime.user_files import check_file

DESCRIPTIONS = (".yaml", ".yml", ".json")
"""Endings of a file beside the network, and of its name, that describes it."""


@dataclass(frozen=True)
class Factory:
    """A function that makes a network, as a text names it: `folder/package.module:function`.

    Attributes
    ----------
    folder
        Where its module is looked for first; then it is an installed one.
    module
        Name with dots; None where the text names the file.
    file
        Where the code of the function stands, if the module is not an installed one.
    function
        Its name.
    """

    folder: Path
    module: str | None
    file: Path
    function: str


def factory_of(source: str | Path) -> Factory | None:
    """What `file.py:function` or `package.module:function` names; None if it is a path."""
    place, _, function = str(source).rpartition(":")
    if not function.isidentifier() or not place or Path(source).exists():
        return None
    path = Path(place)
    if path.suffix == ".py":
        return Factory(path.parent, None, path, function)
    parts = path.name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    file = path.parent.joinpath(*parts)
    package = file / "__init__.py"
    return Factory(
        path.parent, path.name, package if package.is_file() else file.with_suffix(".py"), function
    )


def would_run(source: str | Path, factory: Factory) -> str:
    """One line on code that nobody has allowed to run: what it is, and how to allow it."""
    where = factory.module or factory.file
    return (
        f"{source} is Python code: the function {factory.function} of {where} would be run. Read "
        "it, and if you trust it allow it: network.trust_code: true in the configuration, "
        "--trust-code on the command line, trust_code=True in Python"
    )


def is_trained_elsewhere(config: dict) -> bool:
    """Whether the study explains a network that is trained already."""
    return config["network"]["source"] is not None


def explains_fewer_members(config: dict) -> bool:
    """Whether the study leaves out folds or mirrored copies of what is deployed elsewhere."""
    inference = config["inference"]
    return is_trained_elsewhere(config) and (
        inference["folds"] is not None or not inference["mirroring"]
    )


def check_use(config: dict) -> None:
    """Check that what is said of the network concerns it, and that its code is trusted, if any.

    Raises
    ------
    InputError
        Something concerns a network from elsewhere, and this one is trained here; or its code must
        be trusted and is not, or the other way round.
    """
    if is_trained_elsewhere(config):
        _check_trust(config["network"]["source"], config["network"]["trust_code"])
        return
    said = {
        "network.channels": config["network"]["channels"] is not None,
        "network.trust_code": config["network"]["trust_code"],
        "inference.folds": config["inference"]["folds"] is not None,
        "inference.mirroring": not config["inference"]["mirroring"],
        "inference.checkpoint": config["inference"]["checkpoint"] != "final",
    }
    keys = [key for key, changed in said.items() if changed]
    if keys:
        raise InputError(
            f"configuration: {', '.join(keys)}: this concerns a network that is trained already, "
            "and network.source is null; set network.source, or leave it out"
        )


def is_refused(config: dict) -> bool:
    """Whether the network is code that may not run."""
    network = config["network"]
    return (
        network["source"] is not None
        and factory_of(network["source"]) is not None
        and not network["trust_code"]
    )


def _check_trust(source: str, trusted: bool) -> None:
    factory = factory_of(source)
    if factory is not None and not trusted:
        raise InputError(f"configuration: network.source: {would_run(source, factory)}")
    if factory is None and trusted:
        raise InputError(
            f"configuration: network.trust_code is true, and network.source, {source}, is no "
            "module:function; loading it runs no code: set it to false"
        )


def files_of_source(
    source: str | Path, folds: Sequence[int | str] | None, checkpoint: str
) -> list[Path]:
    """Files that a network is read from, in order.

    Parameters
    ----------
    source
        A folder or a file, see `mrelevance.networks.loading.load`.
    folds, checkpoint
        Which checkpoints of a results folder of nnU-Net are read; None: those of all folds.

    Raises
    ------
    InputError
        Nothing lies there, or a fold is missing.
    """
    path, factory = Path(source), factory_of(source)
    if factory is not None and factory.module is not None and not factory.file.is_file():
        # An installed module, whose place only importing it would tell.
        return described_beside(factory.file)
    if factory is not None:
        path = factory.file
    if not path.exists():
        raise InputError(
            f"configuration: network.source is {source}, and {path} does not exist; give the "
            "folder or file of a trained network, or module:function"
        )
    if path.is_dir() and is_results_folder(path):
        chosen = choose_folds(path, folds, checkpoint)
        weights = [checkpoint_path(path, fold, checkpoint) for fold in chosen]
        described = [path / DATASET, path / PLANS]
        for one in described:
            check_file(one, "configuration: network.source")
        return [*described, *weights]
    beside = described_beside(path)
    if path.is_file():
        return [path, *beside]
    hidden = set(path.rglob(".*"))
    found = [one for one in path.rglob("*") if one.is_file() and one not in hidden]
    return [*sorted(one for one in found if not hidden.intersection(one.parents)), *beside]


def described_beside(path: Path) -> list[Path]:
    """Files beside a network that have its name and may describe it."""
    stem = path.name if path.is_dir() else path.stem
    described = [path.parent / f"{stem}{ending}" for ending in DESCRIPTIONS]
    return [one for one in described if one.is_file() and one != path]
