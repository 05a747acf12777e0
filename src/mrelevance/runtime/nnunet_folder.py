"""Where a results folder of nnU-Net holds what, and which folds are there.

Uses only the standard library, because the workflow reads this module while it plans.
"""

from collections.abc import Sequence
from pathlib import Path

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import check_folder

ALL = "all"
"""Name of the fold that was trained with all cases."""

Fold = int | str


DATASET, PLANS = "dataset.json", "plans.json"
NAME_OF_RESULTS = "*__*__*"
"""Names of results folders: trainer, plans and configuration."""


def is_results_folder(folder: Path) -> bool:
    """Whether a folder has what the results of one nnU-Net consist of."""
    return (folder / PLANS).is_file() or any(folder.glob("fold_*/checkpoint_*.pth"))


def is_of_nnunet(folder: Path) -> bool:
    """Whether a folder is one of nnU-Net's, though perhaps not that of one network.

    If it is that of a fold, of a dataset with several networks, or of version 1,
    `check_results_folder` says what to give in its place.
    """
    return is_results_folder(folder) or any(
        (_is_fold(folder), _networks_in(folder), _is_of_version_1(folder))
    )


def check_results_folder(folder: Path) -> None:
    """Check that a folder is the results folder of one nnU-Net.

    Raises
    ------
    InputError
        It is something else, such as the folder of a fold or of a dataset.
    """
    if folder.is_file():
        raise InputError(
            f"nnU-Net: {folder} is a file; give the results folder of one network, with "
            f"{PLANS}, {DATASET} and fold_0"
        )
    check_folder(folder, "nnU-Net")
    if is_results_folder(folder):
        return
    if _is_fold(folder):
        raise InputError(
            f"nnU-Net: {folder} is the folder of one fold; give {folder.parent}, and choose the "
            "fold with folds"
        )
    if _is_of_version_1(folder):
        raise InputError(
            f"nnU-Net: {folder} is of nnU-Net v1, which is not supported; train again with "
            "nnU-Net v2, or export the network as a torch.export program"
        )
    networks = _networks_in(folder)
    if networks:
        raise InputError(
            f"nnU-Net: {folder} holds the results of {len(networks)} networks; give the folder of "
            f"one of them: {', '.join(map(str, networks))}"
        )
    raise InputError(
        f"nnU-Net: {folder} has no {PLANS} and no fold_*; give the results folder of one "
        "network, such as Dataset001_Name/nnUNetTrainer__nnUNetPlans__3d_fullres"
    )


def network_in_archive(folder: Path) -> Path:
    """Folder of the network in what an archive was unpacked to: the only one of nnU-Net, or all.

    nnU-Net exports results folders below those of their datasets.

    Raises
    ------
    InputError
        There are several networks of nnU-Net.
    """
    networks = [path.parent for path in folder.rglob(PLANS) if is_results_folder(path.parent)]
    named = sorted(path for path in networks if path.match(NAME_OF_RESULTS))
    if len(named) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in named)
        raise InputError(
            f"{folder} holds {len(named)} networks of nnU-Net ({names}); unpack it, and give the "
            "folder of one of them"
        )
    return named[0] if named else folder


def _is_fold(folder: Path) -> bool:
    return folder.name.startswith("fold_") and (
        any(folder.glob("checkpoint_*.pth")) or (folder.parent / PLANS).is_file()
    )


def _networks_in(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"{NAME_OF_RESULTS}/{PLANS}"))


def _is_of_version_1(folder: Path) -> bool:
    found = (*folder.glob("plans.pkl"), *folder.glob("*/plans.pkl"))
    return bool(found) or any(folder.glob("fold_*/*.model.pkl"))


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
