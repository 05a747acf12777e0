"""Reading the headers of a cohort's images without their voxels."""

from pathlib import Path

import SimpleITK as sitk

from mrelevance.cohort.geometry import Header
from mrelevance.runtime.errors import InputError


def read_header(path: str | Path, what: str) -> Header:
    """Read the geometry of a 3D image; `what` names it in the error.

    Raises
    ------
    InputError
        The file is not a readable image, or the image is not 3D.
    """
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(
            f"{what}: {path} cannot be read as an image; convert it to NIfTI"
        ) from error
    if reader.GetDimension() != 3:
        raise InputError(f"{what}: {path} has {reader.GetDimension()} dimensions; give a 3D volume")
    return Header(reader.GetSpacing(), reader.GetDirection())
