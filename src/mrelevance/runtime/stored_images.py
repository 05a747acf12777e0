"""How a file stores an image: where its voxels lie, and whether all of them are there.

ITK reads a NIfTI file that ends too early as zeros, reads NaN in it as zero, and does not report
a wrong checksum. Hence files are checked here before ITK reads them.
"""

import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.image_formats import (
    GZIP,
    METAIMAGE,
    NIFTI,
    NRRD,
    format_of,
    inflated,
    start_of,
)
from mrelevance.runtime.text_headers import VoxelData, metaimage_data, nrrd_data
from mrelevance.runtime.user_files import check_file

ADVICE = {
    "ANALYZE 7.5": "the format does not say which side is left; convert the image to NIfTI",
    "NIfTI-2": "convert it to NIfTI-1",
    "a DICOM file": "python -m mrelevance init FOLDER, with the folder of all patients, reads "
    "DICOM series and writes a sample sheet",
    "a damaged gzip stream": "copy it again",
}


@dataclass(frozen=True)
class StoredImage:
    """How a file stores an image, as its content tells.

    Attributes
    ----------
    path
        The file that the user named, or the header where that names the voxels of a pair.
    format
        NIfTI, NRRD or MetaImage.
    voxels
        Where the voxels are; None if they are spread over several files or written as text, which
        is left to ITK.
    header
        Of a NIfTI image.
    """

    path: Path
    format: str
    voxels: VoxelData | None
    header: nibabel.Nifti1Header | None = None


def stored_image(path: str | Path, what: str) -> StoredImage:
    """Find out how a file stores its image.

    `what` names the file in the error.

    Raises
    ------
    InputError
        There is no such file (see `check_file`), it is none of the formats, or its header is
        damaged.
    """
    path = Path(path)
    check_file(path, what)
    start = start_of(path)
    kind = format_of(start)
    header_path = _partner(path, "hdr")
    if kind not in (NIFTI, NRRD, METAIMAGE) and header_path and header_path != path:
        path, start = header_path, start_of(header_path)
        kind = format_of(start)
    if kind == NIFTI:
        return _nifti(path, start, what)
    if kind not in (NRRD, METAIMAGE):
        raise InputError(
            f"{what}: {path} cannot be read as an image: it is {kind}; "
            f"{ADVICE.get(kind, 'convert it to NIfTI, NRRD or MetaImage')}"
        )
    try:
        voxels = (nrrd_data if kind == NRRD else metaimage_data)(path)
    except (ValueError, KeyError, UnicodeDecodeError) as error:
        raise InputError(
            f"{what}: {path} cannot be read as an image: its {kind} header is damaged ({error}); "
            "convert it again"
        ) from error
    if voxels and voxels.path != path:
        check_file(voxels.path, f"{what}, voxels of {path.name}")
    return StoredImage(path, kind, voxels)


def check_length(stored: StoredImage, what: str) -> None:
    """Check that a file is as long as its header says, without decompressing it if that suffices.

    Raises
    ------
    InputError
        It ends too early, holds more than its header says, or is damaged.
    """
    voxels = stored.voxels
    if voxels is None:
        return
    size = voxels.path.stat().st_size
    if not voxels.compressed:
        _compare_length(stored, size - voxels.start - voxels.offset, what)
    elif voxels.packed_length is not None:
        if size < voxels.start + voxels.packed_length:
            check_whole(stored, what)
    else:
        # The last four bytes of a gzip file are the length of its content modulo 2^32 (RFC 1952),
        # of its last stream if there are several.
        with open(voxels.path, "rb") as file:
            file.seek(max(size - 4, 0))
            held = int.from_bytes(file.read(), "little")
        if held != (voxels.offset + voxels.length) % 2**32:
            check_whole(stored, what)


def check_whole(stored: StoredImage, what: str) -> None:
    """Check length, checksum and stored values of all voxels.

    Raises
    ------
    InputError
        The file ends too early, is longer than its header says, has a wrong checksum, or holds
        NaN or infinity.
    """
    voxels = stored.voxels
    if voxels is None:
        return
    if voxels.compressed:
        try:
            content = b"".join(inflated(voxels.path, voxels.start))
        except (EOFError, zlib.error) as error:
            raise InputError(
                f"{what}: {voxels.path} is damaged: it cannot be decompressed to its end "
                f"({error}); copy it again"
            ) from error
        except OSError as error:
            raise InputError(
                f"{what}: {voxels.path} cannot be read to its end ({error.strerror}); check the "
                "disk it is on"
            ) from error
        held = np.frombuffer(content, np.uint8)
    else:
        # No file can be mapped from its end.
        size = voxels.path.stat().st_size
        empty = size <= voxels.start
        held = b"" if empty else np.memmap(voxels.path, np.uint8, "r", voxels.start)
    _compare_length(stored, len(held) - voxels.offset, what)
    if voxels.type is not None and voxels.type.kind in "fc":
        values = held[voxels.offset : voxels.offset + voxels.length].view(voxels.type)
        if not np.isfinite(values).all():
            raise InputError(f"{what}: {stored.path} has NaN or infinite voxels; repair the image")


def _compare_length(stored: StoredImage, held: int, what: str) -> None:
    """Compare the bytes of voxels that a file holds with those that its header announces."""
    expected = stored.voxels.length
    if held < expected:
        raise InputError(
            f"{what}: {stored.voxels.path} ends too early: it holds {max(held, 0)} of the "
            f"{expected} bytes of voxels that its header announces; copy it again"
        )
    # Some programs pad the file; a slice more is another image than the header describes.
    if held - expected >= max(stored.voxels.slice_length, 1):
        raise InputError(
            f"{what}: {stored.voxels.path} holds {held} bytes of voxels, but its header announces "
            f"{expected}; the header is damaged, convert the image again"
        )


def _nifti(path: Path, start: bytes, what: str) -> StoredImage:
    try:
        header = nibabel.Nifti1Header(start[:348], check=False)
        kind, shape = header.get_data_dtype(), header.get_data_shape()
    except (HeaderDataError, WrapStructError, KeyError, ValueError) as error:
        raise InputError(
            f"{what}: {path} cannot be read as an image: its NIfTI header is damaged "
            f"({_in_words(error)}); convert it again"
        ) from error
    if kind.itemsize == 0 or not shape or min(shape) < 1:
        raise InputError(
            f"{what}: {path} cannot be read as an image: its NIfTI header announces "
            f"{' x '.join(map(str, shape)) or 'no'} voxels of type {kind}; convert it again"
        )
    voxels = path
    if start[344:348] == b"ni1\0":
        voxels = _partner(path, "img")
        if voxels is None:
            raise InputError(
                f"{what}: {path} is the header of a pair, and its voxels, "
                f"{path.with_suffix('.img').name}, are not beside it; copy both files"
            )
        check_file(voxels, f"{what}, voxels of {path.name}")
    with open(voxels, "rb") as file:
        compressed = file.read(2) == GZIP
    offset = max(int(header["vox_offset"]), 0)
    if voxels == path:
        offset = max(offset, 352)
    length = math.prod(shape) * kind.itemsize
    data = VoxelData(voxels, 0, offset, length, length // shape[-1], compressed, type=kind)
    return StoredImage(path, NIFTI, data, header)


def _in_words(error: Exception) -> str:
    # nibabel raises the bare code of a type that it does not know.
    return f"unknown type {error}" if isinstance(error, KeyError) else " ".join(str(error).split())


def _partner(path: Path, suffix: str) -> Path | None:
    """The file of a NIfTI pair that ends in `hdr` or `img`, in any case, compressed or not."""
    stem = path.name
    if stem.lower().endswith(".gz"):
        stem = stem[:-3]
    name, dot, own = stem.rpartition(".")
    if not dot or own.lower() not in ("hdr", "img"):
        return None
    wanted = (f"{name}.{suffix}", f"{name}.{suffix.upper()}")
    return next(
        (
            path.with_name(one + packed)
            for one in wanted
            for packed in ("", ".gz", ".GZ")
            if path.with_name(one + packed).is_file()
        ),
        None,
    )
