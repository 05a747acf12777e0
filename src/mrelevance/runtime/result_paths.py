"""Where the results of the study and of its variants lie."""

from pathlib import Path

STUDY = "study"
"""What the study itself is called beside its variants."""

RESULTS = "results"
VARIANTS = "variants"
"""Folder of the results that holds the variants, each in the layout of the study."""

GUIDE = "README.md"
"""File in the results of the project that is kept in git, and is none of them."""


def is_new(results: str | Path = RESULTS) -> bool:
    """Whether no run has written results yet."""
    folder = Path(results)
    return not folder.exists() or {path.name for path in folder.iterdir()} <= {GUIDE}


def variant_of(path: str | Path) -> str:
    """Name of the variant, or of the study, that a path below the results belongs to."""
    parts = Path(path).parts
    return parts[2] if parts[:2] == (RESULTS, VARIANTS) else STUDY


def results_of(variant: str) -> str:
    """Folder of the results of a variant, or of the study."""
    return RESULTS if variant == STUDY else f"{RESULTS}/{VARIANTS}/{variant}"


def without_variant(path: str) -> str:
    """The path that a result has in the study: `results/...`."""
    return str(Path(RESULTS, *Path(path).parts[3:])) if variant_of(path) != STUDY else path


def patient_of(path: str | Path) -> str:
    """Patient of a path below the results: the folder below that of the stage."""
    parts = Path(path).parts
    _, *below = parts[parts.index(RESULTS) :]
    stage = 2 if below[0] == VARIANTS else 0
    return below[stage + 1]
