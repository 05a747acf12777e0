"""Which format a file has, by its content and not by its name.

Uses only the standard library.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

GZIP = b"\x1f\x8b"
NIFTI, NRRD, METAIMAGE = "NIfTI", "NRRD", "MetaImage"
START_BYTES = 4096
"""As much of a file as tells its format."""
HEADER_BYTES = 348
"""Length of a NIfTI header, the longest that is looked at."""
CHUNK_BYTES = 2**20
# The window size that tells zlib to take a stream of gzip or of its own, and check its checksum.
ANY_STREAM = 47

_METAIMAGE = re.compile(rb"\s*(Comment|ObjectType|ObjectSubType|NDims)\s*=")
_OTHERS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"\x89HDF", "an HDF5 file (MINC 2, MATLAB 7.3 or other)"),
    (b"CDF", "a NetCDF file (MINC 1)"),
    (b"\x93NUMPY", "a NumPy array, which has no geometry"),
    (b"MATLAB", "a MATLAB file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"%PDF", "a PDF document"),
    (b"# vtk", "a VTK file"),
    (b"<", "a web page or an XML file"),
    (b"\0\0\0\x01", "an MGH image of FreeSurfer"),
)


def inflated(path: Path, start: int = 0) -> Iterator[bytes]:
    """Decompress a file of gzip or zlib from a byte on, in pieces; several streams may follow.

    Raises
    ------
    EOFError
        The file ends before the stream does.
    zlib.error
        The stream is damaged, or its checksum wrong.
    """
    with open(path, "rb") as file:
        file.seek(start)
        given = file.read(CHUNK_BYTES)
        while given:
            decompressor = zlib.decompressobj(ANY_STREAM)
            while not decompressor.eof:
                if not given:
                    raise EOFError("the compressed stream ends too early")
                yield decompressor.decompress(given)
                given = decompressor.unused_data if decompressor.eof else file.read(CHUNK_BYTES)
            given = given or file.read(CHUNK_BYTES)
            # What follows and is no further stream is padding.
            if not given.startswith(GZIP):
                return


def start_of(path: Path) -> bytes:
    """First bytes of a file, decompressed if it is a gzip stream, whatever its name says."""
    with open(path, "rb") as file:
        start = file.read(START_BYTES)
    if not start.startswith(GZIP):
        return start
    decompressor = zlib.decompressobj(ANY_STREAM)
    try:
        content = decompressor.decompress(start, START_BYTES)
    except zlib.error:
        return start
    # Of a stream that ends before it says anything, its own bytes tell more.
    return content if decompressor.eof or len(content) >= HEADER_BYTES else start


def format_of(start: bytes) -> str:
    """NIFTI, NRRD or METAIMAGE, or in words what else the first bytes of a file belong to."""
    if len(start) >= HEADER_BYTES and 348 in struct.unpack_from("<i", start) + struct.unpack_from(
        ">i", start
    ):
        return NIFTI if start[344:348] in (b"n+1\0", b"ni1\0") else "ANALYZE 7.5"
    if start[4:8] in (b"n+2\0", b"ni2\0"):
        return "NIfTI-2"
    if start.startswith(b"NRRD000"):
        return NRRD
    if _METAIMAGE.match(start):
        return METAIMAGE
    if start[128:132] == b"DICM":
        return "a DICOM file"
    if start[257:262] == b"ustar":
        return "a TAR archive"
    if start.startswith(GZIP):
        return "a damaged gzip stream"
    return next(
        (kind for beginning, kind in _OTHERS if start.startswith(beginning)),
        "of no known format",
    )
