"""Where a network that is trained already lies, and which files of it are read.

Uses only the standard library, because the workflow reads this module while it plans.
"""

from collections.abc import Sequence
from pathlib import Path

from mrelevance.runtime.errors import InputError

DESCRIPTIONS = (".yaml", ".yml", ".json")
"""Endings of a file beside the network, and of its name, that describes it."""


def is_trained_elsewhere(config: dict) -> bool:
    """Whether the study explains a network that is trained already."""
    return config["network"]["source"] is not None


def check_use(config: dict) -> None:
    """Check that what concerns a network from elsewhere is not said of one that is trained here.

    Raises
    ------
    InputError
        It is.
    """
    if is_trained_elsewhere(config):
        return
    said = {
        "network.channels": config["network"]["channels"] is not None,
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
        Nothing lies there, a fold is missing, or it is the code of a factory.
    """
    path = Path(source)
    if not path.exists():
        advice = "give the folder or file of a trained network"
        if ":" in path.name:
            advice = "the workflow runs no code of others: export the network, or use Python"
        raise InputError(
            f"configuration: network.source is {source}, which does not exist; {advice}"
        )
    if (path / "plans.json").is_file():
        weights = sorted(path.glob(f"fold_*/checkpoint_{checkpoint}.pth"))
        if folds is not None:
            weights = [path / f"fold_{fold}" / f"checkpoint_{checkpoint}.pth" for fold in folds]
        missing = [one for one in weights if not one.is_file()]
        if missing or not weights:
            name = missing[0] if missing else path / "fold_*" / f"checkpoint_{checkpoint}.pth"
            raise InputError(
                f"configuration: {name} does not exist; correct network.source, inference.folds "
                "or inference.checkpoint"
            )
        return [path / "dataset.json", path / "plans.json", *weights]
    described = [path.with_suffix(ending) for ending in DESCRIPTIONS]
    beside = [one for one in described if one.is_file() and one != path]
    if path.is_file():
        return [path, *beside]
    hidden = set(path.rglob(".*"))
    found = [one for one in path.rglob("*") if one.is_file() and one not in hidden]
    return [*sorted(one for one in found if not hidden.intersection(one.parents)), *beside]
