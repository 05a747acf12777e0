"""The same file or image where two different ones are due."""

import hashlib
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path

from mrelevance.cohort.files import UserImage
from mrelevance.cohort.sheet import LABEL, MASK
from mrelevance.runtime.files import sha256
from mrelevance.runtime.image_formats import GZIP, inflated

TRAILER_BYTES = 8
"""A gzip file ends with the checksum of its content and its length, four bytes each (RFC 1952)."""


def file_keys(images: Sequence[UserImage]) -> dict[UserImage, Hashable]:
    """A key for each image, equal if they are one part of files of equal content.

    Only compressed files whose checksums agree are read. Of folders, the place counts.

    All of them exist.
    """
    trailers = {image: _trailer(image.path) for image in images}
    # One file counts once, however many names it has.
    files = {image: _identity(image.path) for image in images}
    distinct = {(trailers[image], files[image]) for image in images}
    seen = Counter(trailer for trailer, _ in distinct if trailer)
    contents = {
        image: _digest(image.path) if seen[trailers[image]] > 1 else files[image]
        for image in images
    }
    return {image: (content, image.part) for image, content in contents.items()}


def repeats(
    keys: Mapping[UserImage, Hashable], is_empty: Callable[[UserImage], bool]
) -> dict[UserImage, str]:
    """Say which images are the same although two different ones are due; one line each.

    The line stands with the later of the two.

    Several patients may share a mask, such as that of an atlas, and labels without a lesion.

    Parameters
    ----------
    keys
        A key for each image, equal for equal images.
    is_empty
        Whether a label has no lesion; asked of labels that are the same.
    """
    groups = defaultdict(list)
    for image, key in keys.items():
        groups[key].append(image)
    problems = {}
    for group in groups.values():
        kept = group
        if sum(image.column == LABEL for image in group) > 1 and is_empty(group[0]):
            kept = [image for image in group if image.column != LABEL]
        for place, image in enumerate(kept):
            twin = next((other for other in kept[:place] if not _may_share(image, other)), None)
            if twin:
                problems[image] = _line(image, twin)
    return problems


def _may_share(image: UserImage, other: UserImage) -> bool:
    return image.column == other.column == MASK


def _line(image: UserImage, twin: UserImage) -> str:
    same = "is the same file as" if image.reference == twin.reference else "has the same content as"
    advice = "correct the sample sheet"
    if image.column == twin.column == LABEL:
        advice = "give each patient the label that is drawn on the patient's own images"
    elif {image.column, twin.column} == {LABEL, MASK}:
        advice = "the mask is that of the whole organ, or leave the column out"
    return f"{image.what}: {image.reference} {same} {twin.what}: {twin.reference}; {advice}"


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _trailer(path: Path) -> bytes | None:
    """Checksum and length at the end of a gzip file; None of any other file or a folder."""
    if path.is_dir():
        return None
    with open(path, "rb") as file:
        if file.read(len(GZIP)) != GZIP:
            return None
        file.seek(-TRAILER_BYTES, 2)
        return file.read()


def _digest(path: Path) -> str:
    """Checksum of the content of a gzip file; of the file itself if that is damaged."""
    checksum = hashlib.sha256()
    try:
        for piece in inflated(path):
            checksum.update(piece)
    except (EOFError, zlib.error):
        return sha256(path)
    return checksum.hexdigest()
