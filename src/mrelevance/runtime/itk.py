"""Reading a file with ITK as the format that its content has, whatever its name."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import SimpleITK as sitk

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.image_formats import GZIP, METAIMAGE, NIFTI, NRRD
from mrelevance.runtime.stored_images import StoredImage, check_whole


def through_itk(stored: StoredImage, what: str, read: Callable[[sitk.ImageFileReader], Any]) -> Any:
    """Let ITK read a file as the format that its content has, whatever its name."""
    reader = sitk.ImageFileReader()
    reader.SetImageIO(_READERS[stored.format])
    with _named_for_itk(stored) as path:
        reader.SetFileName(str(path))
        try:
            return read(reader)
        except RuntimeError as error:
            # ITK's reasons for damaged files mislead.
            check_whole(stored, what)
            reason = _reason(error)
            advice = "convert it to NIfTI"
            if "orthonormal" in reason:
                advice = "its axes are not at right angles: resample it to a grid whose axes are"
            raise InputError(
                f"{what}: {stored.path} cannot be read as an image ({reason}); {advice}"
            ) from error


_READERS = {NIFTI: "NiftiImageIO", NRRD: "NrrdImageIO", METAIMAGE: "MetaImageIO"}


def read_information(reader: sitk.ImageFileReader) -> sitk.ImageFileReader:
    """Read the header alone, for `through_itk`."""
    reader.ReadImageInformation()
    return reader


@contextmanager
def _named_for_itk(stored: StoredImage) -> Iterator[Path]:
    """Yield a path at which ITK recognises the file: of NIfTI files it decides by the name."""
    packed = ".gz" if stored.format == NIFTI and stored.voxels.compressed else ""
    if stored.format != NIFTI or stored.path.name.endswith(f".nii{packed}"):
        yield stored.path
        return
    if stored.voxels.path == stored.path:
        names = {f"image.nii{packed}": stored.path}
    else:
        with open(stored.path, "rb") as file:
            header = "image.hdr.gz" if file.read(2) == GZIP else "image.hdr"
        names = {header: stored.path, f"image.img{packed}": stored.voxels.path}
    with TemporaryDirectory() as folder:
        for name, path in names.items():
            (Path(folder) / name).symlink_to(path.resolve())
        yield Path(folder) / next(iter(names))


def _reason(error: RuntimeError) -> str:
    """The reason that ITK gives, in one line: what follows the last `ERROR` and object address."""
    text = " ".join(str(error).split())
    return re.split(r"ERROR: (?:\w+\(0x[0-9a-f]+\): )?", text)[-1].strip(" .!")
