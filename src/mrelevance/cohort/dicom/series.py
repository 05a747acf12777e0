"""The series in a folder of DICOM files, by their headers alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import SegmentationStorage

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import is_dicom

_TAGS = [
    *("SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID", "StudyDate", "PatientID"),
    *("Modality", "SeriesDescription", "SeriesNumber", "BodyPartExamined", "NumberOfFrames"),
    *("Rows", "Columns", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"),
    *("EchoTime", "TemporalPositionIdentifier", "TriggerTime", "AcquisitionNumber", "ImageType"),
    *("InversionTime", "InstanceNumber", "ReferencedSeriesSequence", "SegmentSequence"),
]


@dataclass(frozen=True)
class Series:
    """One series: its files, and the header of each in the same order."""

    uid: str
    files: tuple[Path, ...]
    headers: tuple[Dataset, ...]

    def text(self, keyword: str) -> str:
        """An element of the first header as text; empty where it is missing."""
        return str(self.headers[0].get(keyword, "") or "").strip()

    @property
    def folder(self) -> Path:
        """Folder of the first file."""
        return self.files[0].parent

    @property
    def is_segmentation(self) -> bool:
        """Whether it is a DICOM SEG object."""
        return self.headers[0].get("SOPClassUID") == SegmentationStorage

    @property
    def is_image(self) -> bool:
        """Whether it holds the slices of an image."""
        return "Rows" in self.headers[0] and not self.is_segmentation

    @property
    def has_frames(self) -> bool:
        """Whether its files hold several frames each."""
        return int(self.text("NumberOfFrames") or 1) > 1

    @property
    def words(self) -> str:
        """The series as a message names it."""
        name = self.text("SeriesDescription") or "without a description"
        return f"{self.uid} ({name}, {len(self.files)} files)"


def series_in(path: str | Path) -> list[Series]:
    """All series of a file or of all DICOM files below a folder, in the order of their numbers.

    Raises
    ------
    InputError
        A file is damaged.
    """
    path = Path(path)
    found: dict[str, list[tuple[Path, Dataset]]] = {}
    for file, header in _headers([path] if path.is_file() else sorted(path.rglob("*"))):
        found.setdefault(str(header.get("SeriesInstanceUID", "")), []).append((file, header))
    # A DICOMDIR and the like belong to no series.
    found.pop("", None)
    series = [
        Series(uid, tuple(file for file, _ in files), tuple(header for _, header in files))
        for uid, files in found.items()
    ]
    return sorted(series, key=lambda one: (int(one.text("SeriesNumber") or 0), one.uid))


def one_series(path: Path, uid: str | None, what: str) -> Series:
    """The series with a UID, or the only one of images and segmentations below a path.

    `what` names the image in the error.

    Raises
    ------
    InputError
        There is none, or there are several and no UID says which.
    """
    series = [one for one in series_in(path) if one.is_image or one.is_segmentation]
    if uid is not None:
        chosen = [one for one in series if one.uid == uid]
        if not chosen:
            raise InputError(
                f"{what}: {path} holds no series {uid}; it holds "
                f"{', '.join(one.words for one in series) or 'no images'}"
            )
        return chosen[0]
    if not series:
        raise InputError(
            f"{what}: {path} holds no DICOM images or segmentations; check the path, and convert "
            "contours (RTSTRUCT) to a segmentation or to NIfTI"
        )
    if len(series) > 1:
        raise InputError(
            f"{what}: {path} holds {len(series)} series; append # and the UID of one of them to "
            f"the path: {', '.join(one.words for one in series)}"
        )
    return series[0]


def _headers(paths: Iterable[Path]) -> Iterable[tuple[Path, Dataset]]:
    for path in paths:
        if not path.is_file() or not is_dicom(path):
            continue
        try:
            yield path, pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
        except (InvalidDicomError, EOFError, ValueError, NotImplementedError) as error:
            raise InputError(
                f"{path} cannot be read as DICOM: {error}; copy or export it again"
            ) from error
