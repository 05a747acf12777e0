"""The volume of a DICOM series, and a segmentation on the grid of an image."""

from pathlib import Path

import highdicom
import numpy as np
import SimpleITK as sitk

from mrelevance.cohort.dicom.series import Series, one_series
from mrelevance.cohort.dicom.stack import stack_of
from mrelevance.runtime.errors import InputError

GRID_TOLERANCE_MM = 1e-2
# What highdicom and pydicom raise for files that they cannot decode or order.
_UNREADABLE = (RuntimeError, ValueError, AttributeError, KeyError, NotImplementedError, TypeError)


def read_series(
    path: Path, uid: str | None, what: str, fixed: sitk.Image | None = None
) -> sitk.Image:
    """Read the volume of a DICOM series; of a segmentation, its label.

    Parameters
    ----------
    path
        A DICOM file, or a folder of them.
    uid
        UID of the series, needed if there are several.
    what
        Names the image in the error.
    fixed
        Image whose grid a segmentation is put on. Its frames may cover a part of it; the rest is
        background. Without it a segmentation is an error.

    Returns
    -------
    Float32 image; of a segmentation uint16, with the number of the segment in each voxel.

    Raises
    ------
    InputError
        The series cannot be read or is no regular volume, see `stack_of`; a segmentation has
        overlapping segments, or is not on the grid of `fixed`.
    """
    series = one_series(path, uid, what)
    if series.is_segmentation:
        if fixed is None:
            raise InputError(f"{what}: {path} is a DICOM segmentation; give an image")
        return _read_segmentation(series, fixed, what)
    if series.has_frames:
        return _read_frames(series, what)
    stack = stack_of(series, what)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(file) for file in stack.files])
    reader.SetImageIO("GDCMImageIO")
    # Slices are rescaled each by its own slope, and the first one would decide on the type.
    reader.SetOutputPixelType(sitk.sitkFloat32)
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise InputError(
            f"{what}: series {series.words} cannot be read: {_last_line(error)}"
        ) from error
    image.SetSpacing(stack.spacing)
    image.SetOrigin(stack.origin)
    image.SetDirection(stack.direction.ravel().tolist())
    return image


def _read_frames(series: Series, what: str) -> sitk.Image:
    """Volume of a multi-frame file, its frames in the order of their places."""
    if len(series.files) > 1:
        raise InputError(
            f"{what}: series {series.words} has several multi-frame files; give one of them"
        )
    try:
        volume = highdicom.imread(series.files[0]).get_volume(allow_missing_positions=False)
    except _UNREADABLE as error:
        raise InputError(
            f"{what}: the frames of {series.files[0]} make no regular volume: {_last_line(error)}; "
            "convert it to NIfTI (dcm2niix) and name the volume"
        ) from error
    # From slices, rows, columns to columns, rows, slices along their normal, as in a series.
    turned = volume.permute_spatial_axes((2, 1, 0))
    turned = turned.ensure_handedness("RIGHT_HANDED", flip_axis=2)
    return sitk.Cast(turned.to_simpleitk(), sitk.sitkFloat32)


def _read_segmentation(series: Series, fixed: sitk.Image, what: str) -> sitk.Image:
    """Label of a segmentation on a grid; each voxel holds the number of its segment, or 0."""
    what = f"{what}: segmentation {series.files[0]}"
    if len(series.files) > 1:
        raise InputError(f"{what} is one of {len(series.files)} files; name one of them")
    try:
        segments = highdicom.seg.segread(series.files[0]).get_volume(
            combine_segments=True, dtype=np.uint16
        )
    except _UNREADABLE as error:
        raise InputError(
            f"{what} cannot be read as one label: {_last_line(error)}; convert it to NIfTI"
        ) from error
    empty = highdicom.Volume.from_simpleitk(fixed)
    try:
        placed = segments.match_geometry(empty, tol=GRID_TOLERANCE_MM)
    except RuntimeError as error:
        raise InputError(
            f"{what} is not on the grid of the image that it is read for; name the sequence that "
            "it is drawn on as fixed_sequence, or resample it"
        ) from error
    label = placed.to_simpleitk()
    label.CopyInformation(fixed)
    return label


def _last_line(error: Exception) -> str:
    """The part of a library's message that tells the reason."""
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
