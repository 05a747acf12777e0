"""The order of a series' slices in space, and whether they make a regular volume."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mrelevance.cohort.dicom.series import Series
from mrelevance.runtime.errors import InputError

# Positions are stored as decimal text, of which exporters write few digits.
POSITION_TOLERANCE_MM = 0.02
GAP_TOLERANCE = 0.01
"""Largest difference of a gap between slices from the median one, as a share of it."""
SHEAR_TOLERANCE = 1e-3
"""Largest shift of slices against each other within their plane, as a share of their distance."""
_TELL_VOLUMES_APART = (
    *("EchoTime", "InversionTime", "TemporalPositionIdentifier", "TriggerTime"),
    *("AcquisitionNumber", "ImageType"),
)


@dataclass(frozen=True)
class Stack:
    """A regular stack of slices; coordinates (x, y, z), LPS, in mm.

    Attributes
    ----------
    files
        One per slice, along the normal of the slices.
    size
        Voxels along columns, rows and slices.
    direction
        3 x 3; its columns are the directions of these axes.
    """

    files: tuple[Path, ...]
    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: np.ndarray


def stack_of(series: Series, what: str) -> Stack:
    """Order the slices of a series of single-frame files.

    `what` names the image in the error.

    Raises
    ------
    InputError
        Slices differ in size, spacing or orientation, have no position, share one (several
        volumes), are missing in between, are unevenly spaced or shifted against each other.
    """
    what = f"{what}, series {series.words}"
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        if any(keyword not in header for header in series.headers):
            raise InputError(
                f"{what}: a file has no {keyword}, so that its place in the patient is not known; "
                "export the original series, not screenshots"
            )
    for keyword in ("Rows", "Columns", "PixelSpacing", "ImageOrientationPatient"):
        values = np.array([np.ravel(header[keyword].value) for header in series.headers], float)
        if np.ptp(values, axis=0).max() > 1e-3:
            raise InputError(
                f"{what}: {keyword} differs between its files, which hold more than one volume; "
                "separate localisers and other planes from it"
            )
    if len(series.files) < 2:
        raise InputError(f"{what}: has one slice; give a volume")
    first = series.headers[0]
    along_row, along_column = np.reshape(first.ImageOrientationPatient, (2, 3)).astype(float)
    normal = np.cross(along_row, along_column)
    positions = np.array([header.ImagePositionPatient for header in series.headers], float)
    order = np.argsort(positions @ normal, kind="stable")
    steps = np.diff(positions[order], axis=0)
    _check_steps(series, steps @ normal, positions[order] @ normal, what)
    thickness = float((steps @ normal).mean())
    shift = np.linalg.norm(steps - np.outer(steps @ normal, normal), axis=1).max()
    if shift > max(SHEAR_TOLERANCE * thickness, POSITION_TOLERANCE_MM):
        raise InputError(
            f"{what}: slices are shifted by {shift:.2f} mm against each other within their plane "
            "(a tilted gantry, or several volumes); resample it to a regular grid"
        )
    # Spacing is that of rows, then of columns (DICOM PS3.3, 10.7.1.1).
    rows_mm, columns_mm = (float(value) for value in first.PixelSpacing)
    return Stack(
        tuple(series.files[index] for index in order),
        (int(first.Columns), int(first.Rows), len(order)),
        (columns_mm, rows_mm, thickness),
        tuple(positions[order[0]].tolist()),
        np.stack([along_row, along_column, normal], axis=1),
    )


def _check_steps(series: Series, gaps: np.ndarray, places: np.ndarray, what: str) -> None:
    """Check the distances (mm) between neighbouring slices, whose places are given in mm."""
    repeated = int((gaps < POSITION_TOLERANCE_MM).sum())
    if repeated:
        differ = [
            name
            for name in _TELL_VOLUMES_APART
            if len({str(header.get(name, "")) for header in series.headers}) > 1
        ]
        apart = f", which differ in {', '.join(differ)}" if differ else ""
        raise InputError(
            f"{what}: {repeated} slices lie at the place of another one: it holds several volumes"
            f"{apart}; convert it to NIfTI (dcm2niix) and name the volume"
        )
    usual = float(np.median(gaps))
    uneven = np.abs(gaps - usual) > max(GAP_TOLERANCE * usual, POSITION_TOLERANCE_MM)
    if not uneven.any():
        return
    missing = np.round(gaps[uneven] / usual) - 1
    whole = np.abs(gaps[uneven] - (missing + 1) * usual) <= 2 * GAP_TOLERANCE * gaps[uneven]
    where = ", ".join(f"{place:.1f}" for place in places[:-1][uneven])
    if whole.all() and (missing >= 1).all():
        raise InputError(
            f"{what}: {int(missing.sum())} slices are missing, after the slices at {where} mm; "
            "export the series again"
        )
    raise InputError(
        f"{what}: distances of slices vary between {gaps.min():.2f} and {gaps.max():.2f} mm "
        f"(after the slices at {where} mm); resample it to a regular grid"
    )
