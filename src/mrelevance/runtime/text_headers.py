"""Headers of NRRD and MetaImage files: where the voxels are and how many bytes they take.

References: teem.sourceforge.net/nrrd/format.html; itk.org/Wiki/ITK/MetaIO/Documentation.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LONGEST_HEADER_BYTES = 2**18

NRRD_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(
        ("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"
    ),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(
        ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), "i8"
    ),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}
METAIMAGE_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    # As ITK's reader takes them, on every system.
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


@dataclass(frozen=True)
class VoxelData:
    """Where the voxels of an image are.

    Attributes
    ----------
    path
        The file that holds them.
    start
        Byte of the file at which they begin, or at which the stream begins that holds them.
    offset
        Bytes before the voxels in what the stream holds.
    length, slice_length
        Bytes of all voxels, and of those along all axes but the last.
    compressed
        Whether they are a stream of gzip or zlib.
    packed_length
        Bytes of that stream, where the header says it.
    type
        How a voxel is stored; None if ITK tells NaN in it.
    """

    path: Path
    start: int
    offset: int
    length: int
    slice_length: int
    compressed: bool
    packed_length: int | None = None
    type: np.dtype | None = None


def nrrd_data(path: Path) -> VoxelData | None:
    """Voxels of an NRRD image; None where they are text, or in several files.

    Raises
    ------
    ValueError, KeyError
        The header does not end, lacks a field, or has one of no known meaning.
    """
    content = _start(path)
    end = min(
        (at + len(gap) for gap in (b"\n\n", b"\r\n\r\n") if (at := content.find(gap)) >= 0),
        default=None,
    )
    detached = end is None
    lines = content[:end].decode("utf-8", "replace").splitlines()
    pairs = (line.split(":", 1) for line in lines[1:] if ":" in line and not line.startswith("#"))
    fields = {key.strip().lower(): value.strip() for key, value in pairs}
    data_file = fields.get("data file", fields.get("datafile"))
    if detached and not data_file:
        raise ValueError("it does not end")
    for needed in ("type", "sizes", "encoding"):
        if needed not in fields:
            raise ValueError(f"it lacks the field {needed}")
    encoding = fields["encoding"].lower()
    if encoding not in ("raw", "gzip", "gz"):
        return None
    if data_file and (data_file.upper().startswith("LIST") or "%" in data_file):
        return None
    if int(fields.get("line skip", 0)) or fields["type"].lower() == "block":
        return None
    skipped = int(fields.get("byte skip", 0))
    size = _type(NRRD_TYPES, fields["type"].lower()) * math.prod(
        sizes := [int(number) for number in fields["sizes"].split()]
    )
    voxels = path.parent / data_file if data_file else path
    start = 0 if data_file else end
    compressed = encoding != "raw"
    if skipped < 0:
        start, skipped = max(voxels.stat().st_size - size, 0), 0
    # With gzip, `byte skip` counts decompressed bytes.
    offset, start = (skipped, start) if compressed else (0, start + skipped)
    return VoxelData(voxels, start, offset, size, size // max(sizes[-1], 1), compressed)


def metaimage_data(path: Path) -> VoxelData | None:
    """Voxels of a MetaImage; None where they are text, or in several files.

    Raises
    ------
    ValueError, KeyError
        The header does not end, lacks a field, or has one of no known meaning.
    """
    content = _start(path)
    fields, end = {}, 0
    for line in content.splitlines(keepends=True):
        end += len(line)
        key, equals, value = line.decode("utf-8", "replace").partition("=")
        if not equals:
            continue
        fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            break
    else:
        raise ValueError("it does not end with the field ElementDataFile")
    for needed in ("DimSize", "ElementType"):
        if needed not in fields:
            raise ValueError(f"it lacks the field {needed}")
    data_file = fields["ElementDataFile"]
    if data_file.upper().startswith("LIST") or "%" in data_file:
        return None
    if fields.get("BinaryData", "True").lower() in ("false", "0"):
        return None
    sizes = [int(number) for number in fields["DimSize"].split()]
    kind = fields["ElementType"].removesuffix("_ARRAY")
    channels = int(fields.get("ElementNumberOfChannels", 1))
    size = _type(METAIMAGE_TYPES, kind) * channels * math.prod(sizes)
    inside = data_file.upper() == "LOCAL"
    voxels = path if inside else path.parent / data_file
    start = end if inside else 0
    skipped = int(fields.get("HeaderSize", 0))
    compressed = fields.get("CompressedData", "False").lower() in ("true", "1")
    if skipped < 0 and not compressed:
        start, skipped = max(voxels.stat().st_size - size, 0), 0
    packed = int(fields["CompressedDataSize"]) if "CompressedDataSize" in fields else None
    return VoxelData(
        voxels, start + max(skipped, 0), 0, size, size // max(sizes[-1], 1), compressed, packed
    )


def _type(known: dict[str, str], name: str) -> int:
    """Bytes of a value of a type, by its name in the header."""
    if name not in known:
        raise ValueError(f"unknown type {name}")
    return np.dtype(known[name]).itemsize


def _start(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(LONGEST_HEADER_BYTES)
