"""The images of one patient, as they pass from stage to stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from mrelevance.runtime.images import read_image
from mrelevance.runtime.orientation import canonical


@dataclass(frozen=True)
class PatientImages:
    """One patient's sequences, and what is drawn on the fixed one.

    Attributes
    ----------
    name
        Names the patient in errors.
    images
        Sequence name to 3D image, in the order of the network's channels.
    fixed_sequence
        The sequence that all others are registered to and that label and mask are drawn on.
    label
        Lesion instances on the grid of the fixed sequence: 0 background, 1 to n lesions.
    mask
        The organ of interest on the same grid: not 0 inside.
    classes
        Number of the class of each voxel on the same grid, see `Segmentation`; None where the
        label says it.
    """

    name: str
    images: dict[str, sitk.Image]
    fixed_sequence: str
    label: sitk.Image | None = None
    mask: sitk.Image | None = None
    classes: sitk.Image | None = None

    @property
    def fixed(self) -> sitk.Image:
        """Image of the fixed sequence."""
        return self.images[self.fixed_sequence]


def canonical_patient(patient: PatientImages) -> PatientImages:
    """Turn all images of a patient to the canonical orientation, see `runtime.orientation`."""
    return PatientImages(
        patient.name,
        {sequence: canonical(image) for sequence, image in patient.images.items()},
        patient.fixed_sequence,
        None if patient.label is None else canonical(patient.label),
        None if patient.mask is None else canonical(patient.mask),
        None if patient.classes is None else canonical(patient.classes),
    )


def read_patient(
    name: str,
    paths: Mapping[str, str | Path],
    fixed_sequence: str,
    label: str | Path | None = None,
    mask: str | Path | None = None,
    classes: str | Path | None = None,
) -> PatientImages:
    """Read a patient's sequences from `paths`, and label, mask and classes where their
    paths are given.

    Raises
    ------
    InputError
        A file is missing, cannot be read as an image, or holds values that are not finite.
    """
    return PatientImages(
        name,
        {
            sequence: read_image(path, f"patient {name}, sequence {sequence}")
            for sequence, path in paths.items()
        },
        fixed_sequence,
        None if label is None else read_image(label, f"patient {name}, label"),
        None if mask is None else read_image(mask, f"patient {name}, mask"),
        None if classes is None else read_image(classes, f"patient {name}, classes"),
    )
