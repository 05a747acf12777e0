"""BIDS: sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz, lesion masks in derivatives.

The names are read by ancpBIDS, which follows the schema of BIDS and needs no other package.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import ancpbids

from mrelevance.cohort.layouts.description import (
    LESION_WORDS,
    Description,
    Hints,
    Patient,
    names_organ,
    safe_name,
    unique_names,
)
from mrelevance.cohort.layouts.labels import choose_label
from mrelevance.runtime.errors import InputError

NAME = "BIDS"
MASKS = ("mask", "dseg", "roi")
NO_SEQUENCES = (*MASKS, "probseg", "defacemask", "bold", "dwi", "sbref", "epi")
# Together with the suffix they make a sequence; a run only repeats it.
OF_SEQUENCE = ("acq", "ce", "rec", "inv", "echo", "flip", "part", "mt")
PLACE = ("sub", "ses", "run", "space", "res", "den", "hemi")


@dataclass(frozen=True)
class _File:
    """An image file and what its name says.

    `pipeline` is the folder in derivatives that it lies in; empty for raw images.
    """

    path: Path
    entities: dict[str, str]
    suffix: str
    pipeline: str

    @property
    def visit(self) -> tuple[str, str]:
        return self.entities.get("sub", ""), self.entities.get("ses", "")

    @property
    def sequence(self) -> str:
        own = [f"{key}-{self.entities[key]}" for key in OF_SEQUENCE if key in self.entities]
        return "_".join([*own, self.suffix])

    @property
    def kind_of_mask(self) -> str:
        """What tells this mask from others of the visit, such as label-lesion_mask."""
        own = [f"{key}-{value}" for key, value in self.entities.items() if key not in PLACE]
        return "_".join([*own, self.suffix])


def recognises(folder: Path) -> bool:
    """Whether a folder is a BIDS dataset, by its description or by its subjects' folders."""
    described = (folder / "dataset_description.json").is_file()
    return described or any(folder.glob("sub-*/**/*_T[12]w.nii*"))


def read(folder: Path, hints: Hints) -> Description:
    """Read a dataset: a patient for each visit, and masks of lesions in its derivatives.

    If masks lie in a space of their own (`space-MNI152...`), the images of their pipeline in this
    space are taken.

    Raises
    ------
    InputError
        There are no images, or several kinds of masks and no hint which.
    """
    files = _files(folder)
    if hints.labels:
        files += [file for file in _files(hints.labels) if file.suffix in MASKS]
    masks = [file for file in files if file.suffix in MASKS and not names_organ(_words(file))]
    of_lesions = [mask for mask in masks if any(word in _words(mask) for word in LESION_WORDS)]
    masks = masks if hints.label else (of_lesions or masks)
    kind = choose_label(_kinds(masks), hints)
    masks = [mask for mask in masks if mask.kind_of_mask == kind]
    images = [file for file in files if file.suffix not in NO_SEQUENCES]
    raw = [file for file in images if not file.pipeline]
    spaces = {mask.entities.get("space") for mask in masks}
    drawn_on = None
    for space in spaces - {None}:
        same_space = [file for file in images if file.entities.get("space") == space]
        named = [file.sequence for file in raw if file.sequence in (space, f"{space}w")]
        if named:
            drawn_on = safe_name(named[0])
        elif same_space:
            raw = same_space
    if not raw:
        raise InputError(f"{folder}: BIDS dataset without anatomical images; check the path")
    notes: list[str] = []
    patients = _patients(raw, masks, _participants(folder), notes)
    counts: dict[str, int] = {}
    for patient in patients:
        for sequence in patient.images:
            counts[sequence] = counts.get(sequence, 0) + 1
    sequences = sorted(counts)
    return Description(
        NAME, sequences, patients, drawn_on=drawn_on, parts_of_body={"head"}, notes=notes
    )


def _files(folder: Path) -> list[_File]:
    dataset = ancpbids.load_dataset(str(folder))
    found = []
    for entry in dataset.query(scope="all", return_type="object"):
        path = Path(entry.get_absolute_path())
        if not path.name.endswith((".nii", ".nii.gz")) or not hasattr(entry, "entities"):
            continue
        entities = {str(key): str(value) for key, value in dict(entry.entities).items()}
        parts = path.relative_to(dataset.base_dir_).parts
        pipeline = parts[1] if parts[0] == "derivatives" else ""
        if "sub" in entities:
            found.append(_File(path, entities, entry.suffix, pipeline))
    return sorted(found, key=lambda file: file.path)


def _kinds(masks: Iterable[_File]) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for mask in masks:
        kinds.setdefault("_".join(mask.visit), set()).add(mask.kind_of_mask)
    return kinds


def _words(mask: _File) -> str:
    """What tells of lesions or organs: the name, and the pipeline if that is one for lesions."""
    pipeline = mask.pipeline.lower()
    told = pipeline if any(word in pipeline for word in LESION_WORDS) else ""
    return f"{told}_{mask.kind_of_mask.lower()}"


def _patients(
    images: list[_File], masks: list[_File], participants: dict[str, dict[str, str]], notes: list
) -> list[Patient]:
    visits: dict[tuple[str, str], dict[str, list[_File]]] = {}
    for file in images:
        of_visit = visits.setdefault(file.visit, {})
        of_visit.setdefault(safe_name(file.sequence), []).append(file)
    several = len({subject for subject, _ in visits}) < len(visits)
    names = unique_names("_".join(_named(*visit)) for visit in visits)
    found = []
    for name, (visit, sequences) in zip(names, visits.items(), strict=True):
        own = [mask for mask in masks if mask.visit == visit]
        # Where sessions were left out of the names of masks, a subject has one visit.
        own = own or [m for m in masks if m.visit == (visit[0], "") and not several]
        repeated = [sequence for sequence, files in sequences.items() if len(files) > 1]
        if repeated:
            notes.append(f"{name}: the first run of {', '.join(repeated)} is used.")
        found.append(
            Patient(
                name,
                {sequence: str(files[0].path) for sequence, files in sequences.items()},
                str(own[0].path) if own else None,
                subject=f"sub-{visit[0]}" if several else None,
                covariates=participants.get(f"sub-{visit[0]}", {}),
            )
        )
    return found


def _named(subject: str, session: str) -> list[str]:
    return [f"sub-{subject}", *([f"ses-{session}"] if session else [])]


def _participants(folder: Path) -> dict[str, dict[str, str]]:
    """Further facts on the subjects, from participants.tsv."""
    path = folder / "participants.tsv"
    if not path.is_file():
        return {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {
        row["participant_id"]: {
            safe_name(name): (cell or "").strip()
            for name, cell in row.items()
            if name and name != "participant_id"
        }
        for row in rows
        if row.get("participant_id")
    }
