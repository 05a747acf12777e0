"""What a study of a cohort is set to at first, each choice with its reason."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from mrelevance.cohort.examination import Examination
from mrelevance.cohort.geometry import SPACING_TOLERANCE, canonical_size, canonical_spacing
from mrelevance.cohort.layouts.description import LESION_WORDS, Description
from mrelevance.cohort.parts import PARTS, cautions, sizes_of_drawn
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import Grid

HEAD = ("head", "brain", "skull", "neuro")
DIVISOR = 8
"""Of the default network: patches and windows are multiples of it."""
PATCH_VOXELS = 64 * 64 * 24
LONGEST_PATCH, LONGEST_WINDOW = 64, 96
FINEST_MM = 3.0
"""At least as large voxels suffice to compare images."""
SHARES = {"validation_share": 0.1, "test_share": 0.3}


@dataclass
class Proposal:
    """Settings of a study.

    Attributes
    ----------
    fixed_sequence, method, resolution_mm
        Of the motion correction; the resolution is that of the similarity.
    spacing_mm
        Voxel size of all channels; None for that of the fixed sequence.
    patch, window
        In voxels along x, y, z.
    classes, regions, explained, ignore
        Of the section `segmentation`; no classes where the labels hold one value.
    open_values
        Values of the labels whose meaning only the user knows, with the number of patients.
    reasons
        Why a setting has its value, by the name of the setting.
    questions
        What only the user can decide, in sentences; the defaults stand until then.
    problems
        What must be mended before a study can run.
    """

    fixed_sequence: str
    method: str
    resolution_mm: float
    spacing_mm: list[float] | None
    patch: list[int]
    window: list[int]
    classes: dict[str, int] = field(default_factory=dict)
    regions: dict[str, list[str]] = field(default_factory=dict)
    explained: list[str] = field(default_factory=list)
    ignore: list[int] = field(default_factory=list)
    open_values: dict[int, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def propose(
    described: Description, examined: Examination, trained_elsewhere: bool = False
) -> Proposal:
    """Choose the settings of a study, of a network that is trained in it, or elsewhere.

    Raises
    ------
    InputError
        There are fewer than two sequences, no labels, or no images that can be read.
    """
    if len(described.sequences) < 2:
        raise InputError(
            f"one sequence alone ({', '.join(described.sequences) or 'none'}): the study compares "
            "MRI sequences with each other, so that at least two are needed"
        )
    if not any(patient.label for patient in described.patients):
        raise InputError(
            "no labels were found; give their folder with --labels FOLDER, or the name of their "
            "files with --label NAME"
        )
    fixed, reason, question = _fixed_sequence(described, examined)
    grids = [of_patient[fixed] for of_patient in examined.grids.values() if fixed in of_patient]
    if not grids:
        raise InputError(f"no image can be read: {'; '.join(examined.problems[:3])}")
    method, why = _motion(described)
    spacing, differs = _spacing(grids)
    size = (
        np.median([np.multiply(canonical_size(g), canonical_spacing(g)) for g in grids], axis=0)
        / spacing
    )
    proposal = Proposal(
        fixed,
        method,
        max(FINEST_MM, round(float(np.prod(spacing)) ** (1 / 3), 1)),
        spacing if differs else None,
        _patch(size, np.array(spacing)),
        [_multiple(min(length, LONGEST_WINDOW), up=True) for length in size],
        reasons={"fixed_sequence": reason, "method": why},
        problems=list(examined.problems),
    )
    if question:
        proposal.questions.append(question)
    proposal.questions.append(f"motion.method is {method}: {why}.")
    if differs:
        proposal.reasons["spacing_mm"] = "the patients' voxels differ; this is their median"
    _segmentation(described, examined, proposal)
    _check_patients(described, proposal, trained_elsewhere)
    return proposal


def _fixed_sequence(described: Description, examined: Examination) -> tuple[str, str, str | None]:
    """The fixed sequence, why it is that, and what to ask the user."""
    labelled = len(examined.values)
    on_grid = [name for name in described.sequences if examined.label_on[name] == labelled]
    if described.drawn_on and (described.drawn_on in on_grid or not on_grid):
        return described.drawn_on, "the labels say that they are drawn on it", None
    if len(on_grid) == 1:
        return on_grid[0], "the labels are on its grid, and on that of no other sequence", None
    if on_grid:
        return (
            on_grid[0],
            f"the first of those on whose grid the labels are: {', '.join(on_grid)}",
            f"fixed_sequence is {on_grid[0]}: the labels are on the grids of {', '.join(on_grid)}, "
            "and nothing says on which of them they were drawn.",
        )
    best = max(described.sequences, key=lambda name: examined.label_on[name])
    return (
        best,
        "the labels of most patients are on its grid",
        f"fixed_sequence is {best}: {examined.label_on[best]} of {labelled} labels are on its "
        "grid, and on that of no other sequence are more.",
    )


def _motion(described: Description) -> tuple[str, str]:
    """Method of the motion correction, and why."""
    if described.aligned:
        return "none", (
            f"{described.layout} asks for images that are aligned already; set rigid for heads or "
            "deformable for the trunk if yours are not"
        )
    words = " ".join([*described.parts_of_body, *described.sequences]).lower()
    if any(word in words for word in (*HEAD, "flair")):
        return "rigid", "heads move as a whole; set deformable if this is not the head"
    return "deformable", (
        "organs of the trunk move and change shape; set rigid for heads, and none for images that "
        "are aligned already"
    )


def _spacing(grids: list[Grid]) -> tuple[list[float], bool]:
    """Median voxel size, and whether the patients' differ."""
    spacings = np.array([canonical_spacing(grid) for grid in grids])
    median = np.median(spacings, axis=0)
    differs = bool((np.abs(spacings / median - 1) > SPACING_TOLERANCE).any())
    return [round(float(length), 3) for length in median], differs


def _patch(size: np.ndarray, spacing: np.ndarray) -> list[int]:
    """Patch of about the default's number of voxels, as equal in mm along its edges as possible."""
    patch = np.array([_multiple(min(length, LONGEST_PATCH)) for length in size])
    while patch.prod() > PATCH_VOXELS:
        longest = np.argmax(np.where(patch > DIVISOR, patch * spacing, 0))
        patch[longest] -= DIVISOR
    return patch.tolist()


def _multiple(length: float, up: bool = False) -> int:
    """Multiple of the divisor, at least once it: the next larger or smaller one."""
    rounded = np.ceil(length / DIVISOR) if up else np.floor(length / DIVISOR)
    return int(max(rounded, 1)) * DIVISOR


def _segmentation(described: Description, examined: Examination, proposal: Proposal) -> None:
    """What the values of the labels mean, as far as layout and labels tell."""
    counts = Counter(value for values in examined.values.values() for value in values)
    for value in described.ignore:
        counts.pop(value, None)
    if not counts:
        proposal.problems.append("all labels are empty; check them")
    if not described.classes:
        if len(counts) > 1:
            proposal.open_values = dict(sorted(counts.items()))
            listed = ", ".join(f"{value} in {n} patients" for value, n in sorted(counts.items()))
            proposal.problems.append(
                f"the labels hold several values ({listed}), and nothing says what they mean: "
                "choose one of the two ways in the section segmentation of the configuration"
            )
        return
    unknown = sorted(set(counts) - set(described.classes.values()))
    if unknown:
        proposal.problems.append(
            f"the labels hold {', '.join(map(str, unknown))}, which no class names "
            f"({', '.join(f'{name} {value}' for name, value in described.classes.items())}); "
            "correct the labels, or name these values in segmentation"
        )
    if len(described.classes) == 1 and not described.ignore and not unknown:
        return
    proposal.classes, proposal.regions = described.classes, described.regions
    proposal.ignore = described.ignore
    names = list(described.regions or described.classes)
    lesions = [name for name in names if any(word in name.lower() for word in LESION_WORDS)]
    proposal.explained = (names if described.regions else lesions or names)[:1]
    if len(names) > 1:
        proposal.questions.append(
            f"segmentation.explained is {proposal.explained[0]}: one of {', '.join(names)}, or a "
            "list of them."
        )


def _check_patients(described: Description, proposal: Proposal, trained_elsewhere: bool) -> None:
    """Note what is wrong with the number of patients, and with the split."""
    usable = [
        patient
        for patient in described.patients
        if patient.label and all(name in patient.images for name in described.sequences)
    ]
    visits = _possible_visits(described)
    if visits:
        proposal.questions.append(
            f"{', '.join(visits)}: if these are visits of one person, and others like them, add a "
            "column subject to the sample sheet, which keeps a person in one part of the split."
        )
    if trained_elsewhere and described.patients[0].split is None:
        sizes = dict.fromkeys(PARTS, 0) | {"test": len(usable)}
    elif described.patients[0].split is None:
        subjects = {patient.subject or patient.name for patient in usable}
        try:
            sizes = sizes_of_drawn(len(subjects), *SHARES.values())
        except InputError as error:
            proposal.problems.append(str(error))
            return
    else:
        sizes = {part: [p.split for p in usable].count(part) for part in PARTS}
        proposal.problems.extend(
            f"no complete patient has split {part}; change the column split"
            for part in (("test",) if trained_elsewhere else ("train", "test"))
            if not sizes[part]
        )
    proposal.questions.extend(cautions(sizes, trained_elsewhere))


def _possible_visits(described: Description) -> list[str]:
    """Names that differ from each other in their last part alone, where most do not."""
    if any(patient.subject for patient in described.patients):
        return []
    alike: dict[str, list[str]] = {}
    for patient in described.patients:
        start = re.match(r"(.+)[-_.][^-_.]+|.*", patient.name)[1]
        alike.setdefault(start or patient.name, []).append(patient.name)
    repeated = [names for names in alike.values() if len(names) > 1]
    return repeated[0] if len(alike) > len(described.patients) / 2 and repeated else []
