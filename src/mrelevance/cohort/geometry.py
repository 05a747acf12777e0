"""Whether the grids of a cohort fit one network: one orientation and one spacing."""

from collections.abc import Mapping, Sequence
from statistics import median

from mrelevance.runtime.grids import Grid
from mrelevance.runtime.orientation import nearest_axes

# Spacings that differ by less are the same: headers are rounded, and no scanner means more by it.
SPACING_TOLERANCE = 0.01
MOST_NAMED = 3


def canonical_spacing(grid: Grid) -> tuple[float, float, float]:
    """Spacing of a grid in mm along the patient's axes (x, y, z), see `runtime.orientation`."""
    order, _ = nearest_axes(grid.direction)
    return tuple(grid.spacing[axis] for axis in order)


def canonical_size(grid: Grid) -> tuple[int, int, int]:
    """Voxels of a grid along the patient's axes (x, y, z)."""
    order, _ = nearest_axes(grid.direction)
    return tuple(grid.size[axis] for axis in order)


def geometry_problems(
    grids: Mapping[str, Grid], fixed_sequence: str, spacing_mm: Sequence[float] | None
) -> list[str]:
    """Find what keeps the images of a cohort from reaching the network with one spacing.

    How the images are stored does not matter, as preprocessing turns them to one orientation.

    Parameters
    ----------
    grids
        Patient to the grid of the fixed sequence, which the network sees.
    fixed_sequence
        Its name.
    spacing_mm
        `preprocess.spacing_mm` of the configuration; None keeps the grids as they are.

    Returns
    -------
    One line per problem; empty if there is none.
    """
    if spacing_mm is not None:
        return []
    spacings = {name: canonical_spacing(grid) for name, grid in grids.items()}
    alike = _groups(spacings)
    if len(alike) <= 1:
        return []
    middle = [round(median(spacing[axis] for spacing in spacings.values()), 3) for axis in range(3)]
    found = ", ".join(f"{_by(spacing)} mm ({_named(names)})" for spacing, names in alike)
    return [
        f"preprocess.spacing_mm is null, but {fixed_sequence} has {len(alike)} spacings: {found}; "
        "a network needs one. Set preprocess.spacing_mm, for example to the median "
        f"[{', '.join(f'{value:g}' for value in middle)}]"
    ]


def same_spacing(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two spacings differ by no more than `SPACING_TOLERANCE` along each axis."""
    return all(abs(a - b) <= SPACING_TOLERANCE * max(a, b) for a, b in zip(one, other, strict=True))


def _groups(
    spacings: Mapping[str, tuple[float, float, float]],
) -> list[tuple[tuple[float, float, float], list[str]]]:
    """Patients by spacing, the most frequent first; each group by that of its first patient."""
    groups: list[tuple[tuple[float, float, float], list[str]]] = []
    for name, spacing in spacings.items():
        for of_group, names in groups:
            if same_spacing(of_group, spacing):
                names.append(name)
                break
        else:
            groups.append((spacing, [name]))
    return sorted(groups, key=lambda group: -len(group[1]))


def _by(spacing: Sequence[float]) -> str:
    return " x ".join(f"{value:.4g}" for value in spacing)


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
