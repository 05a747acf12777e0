"""Where a results folder of nnU-Net holds what, and which folds are there."""

from collections.abc import Sequence
from pathlib import Path

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import check_folder

ALL = "all"
"""Name of the fold that was trained with all cases."""

Fold = int | str


def is_results_folder(path: str | Path) -> bool:
    """Whether a path looks like the results folder of one nnU-Net."""
    path = Path(path)
    return (path / "plans.json").is_file() or any(path.glob("fold_*/checkpoint_*.pth"))


def check_results_folder(folder: Path) -> None:
    """Check that a folder is the results folder of one nnU-Net.

    Raises
    ------
    InputError
        It is something else, such as the folder of a fold or of a dataset.
    """
    if folder.is_file():
        found = "an exported archive; unpack it and" if folder.suffix == ".zip" else "a file;"
        raise InputError(
            f"nnU-Net: {folder} is {found} give the results folder of one network, with plans.json,"
            " dataset.json and fold_0"
        )
    check_folder(folder, "nnU-Net")
    if is_results_folder(folder) or any(folder.glob("fold_*/")):
        return
    if any(folder.glob("checkpoint_*.pth")):
        raise InputError(
            f"nnU-Net: {folder} is the folder of one fold; give {folder.parent}, and choose the "
            "fold with folds"
        )
    if any(folder.glob("**/plans.pkl")) or any(folder.glob("**/*.model.pkl")):
        raise InputError(
            f"nnU-Net: {folder} is of nnU-Net v1, which is not supported; train again with "
            "nnU-Net v2, or export the network as a torch.export program"
        )
    networks = sorted(path.parent for path in folder.glob("*/plans.json"))
    if networks:
        raise InputError(
            f"nnU-Net: {folder} holds the results of {len(networks)} networks; give the folder of "
            f"one of them: {', '.join(map(str, networks))}"
        )
    raise InputError(
        f"nnU-Net: {folder} has no plans.json and no fold_*; give the results folder of one "
        "network, such as Dataset001_Name/nnUNetTrainer__nnUNetPlans__3d_fullres"
    )


def checkpoint_path(folder: Path, fold: Fold, checkpoint: str) -> Path:
    """Path of a fold's checkpoint, `final`, `best` or `latest`."""
    return folder / f"fold_{fold}" / f"checkpoint_{checkpoint}.pth"


def folds_there(folder: Path, checkpoint: str) -> list[Fold]:
    """Folds that have a checkpoint, in order; `all` comes last."""
    found = [path.parent.name.removeprefix("fold_") for path in checkpoints(folder, checkpoint)]
    numbered = sorted(int(name) for name in found if name.isdigit())
    return [*numbered, *([ALL] if ALL in found else [])]


def checkpoints(folder: Path, checkpoint: str) -> list[Path]:
    """Checkpoints of one kind of all folds."""
    return sorted(folder.glob(f"fold_*/checkpoint_{checkpoint}.pth"))


def choose_folds(folder: Path, folds: Sequence[Fold] | None, checkpoint: str) -> tuple[Fold, ...]:
    """The folds to use: those asked for, or all numbered ones, or else `all`.

    Raises
    ------
    InputError
        There is none, or one that is asked for has no such checkpoint.
    """
    there = folds_there(folder, checkpoint)
    if not there:
        raise InputError(
            f"nnU-Net: {folder} has no fold_*/checkpoint_{checkpoint}.pth{_others(folder)}; finish "
            "the training, copy the checkpoints, or choose another kind with checkpoint"
        )
    if folds is None:
        return tuple(fold for fold in there if fold != ALL) or (ALL,)
    asked = tuple(int(fold) if str(fold).isdigit() else fold for fold in folds)
    if not asked or len(set(asked)) < len(asked):
        raise InputError(f"nnU-Net: folds {list(folds)}: name at least one fold, and each once")
    missing = [fold for fold in asked if fold not in there]
    if missing:
        path = checkpoint_path(folder, missing[0], checkpoint)
        raise InputError(
            f"nnU-Net: {path} does not exist; folds with checkpoint_{checkpoint}.pth are "
            f"{', '.join(map(str, there))}: choose among them, or copy the file"
        )
    return asked


def _others(folder: Path) -> str:
    names = sorted({path.name for path in folder.glob("fold_*/checkpoint_*.pth")})
    return f" (only {', '.join(names)})" if names else ""
