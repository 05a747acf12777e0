"""The layouts that are recognised, and reading a folder in the one that it has."""

from pathlib import Path

from mrelevance.cohort.layouts import bids, decathlon, dicom, folders, nnunet
from mrelevance.cohort.layouts.description import Description, Hints
from mrelevance.runtime.errors import InputError

LAYOUTS = (decathlon, nnunet, bids, dicom, folders)
"""The first that recognises a folder reads it; the one that asks for least comes last."""


def describe(folder: Path, hints: Hints) -> Description:
    """Describe the cohort in a folder.

    Raises
    ------
    InputError
        No layout recognises the folder, it holds several datasets, or its layout cannot read it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give the folder of your images")
    datasets = sorted(path.parent for path in folder.glob("*/dataset.json"))
    if datasets and not (folder / "dataset.json").is_file():
        raise InputError(
            f"{folder} holds {len(datasets)} datasets; give one of them: "
            f"{', '.join(str(path) for path in datasets[:5])}"
        )
    declared = (folder / "dataset.json").is_file() or (folder / "imagesTr").is_dir()
    if declared and not any(one.recognises(folder) for one in (decathlon, nnunet)):
        raise InputError(
            f"{folder} looks like a dataset of nnU-Net or the Decathlon, but it needs both a "
            "dataset.json and images: imagesTr/CASE_0000.nii.gz for each channel, or those that "
            "dataset.json lists under training"
        )
    layout = next((one for one in LAYOUTS if one.recognises(folder)), None)
    if layout is None:
        raise InputError(
            f"{folder}: no known layout; known are {', '.join(one.NAME for one in LAYOUTS)}. "
            "docs/own-cohort.md shows each"
        )
    return layout.read(folder.resolve(), hints)
