"""Whether the grids of a cohort fit one network: one orientation and one spacing.

Uses only the standard library, so that a cohort can be checked from headers alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from mrelevance.runtime.orientation import nearest_axes

# Spacings that differ by less are the same: headers are rounded, and no scanner means more by it.
SPACING_TOLERANCE = 0.01
MOST_NAMED = 3


@dataclass(frozen=True)
class Header:
    """Geometry of a 3D image as its header gives it.

    Attributes
    ----------
    spacing_mm
        Along the axes of the grid.
    direction
        3 x 3 direction cosines, row by row (LPS); a column is the direction of an axis.
    """

    spacing_mm: tuple[float, float, float]
    direction: tuple[float, ...]

    @property
    def canonical_spacing_mm(self) -> tuple[float, float, float]:
        """Spacing along the patient's axes (x, y, z), see `runtime.orientation`."""
        order, _ = nearest_axes(self.direction)
        return tuple(self.spacing_mm[axis] for axis in order)


def geometry_problems(
    headers: Mapping[str, Header], fixed_sequence: str, spacing_mm: Sequence[float] | None
) -> list[str]:
    """Find what keeps the images of a cohort from reaching the network with one spacing.

    How the images are stored does not matter, as preprocessing turns them to one orientation.

    Parameters
    ----------
    headers
        Patient to the header of the fixed sequence, whose grid the network sees.
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
    alike = _groups({name: header.canonical_spacing_mm for name, header in headers.items()})
    if len(alike) <= 1:
        return []
    middle = [
        round(median(header.canonical_spacing_mm[axis] for header in headers.values()), 3)
        for axis in range(3)
    ]
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
