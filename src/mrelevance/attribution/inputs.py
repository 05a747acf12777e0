"""What the explanation of one patient starts from, read from the earlier stages' results."""

import logging
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from mrelevance.attribution.baselines import baseline_image, stretched_onto
from mrelevance.attribution.table import regions_of
from mrelevance.networks.channels import pick_channels
from mrelevance.runtime.files import read_json, read_table
from mrelevance.runtime.images import first_channel, read_image, spacing_zyx, to_array
from mrelevance.runtime.segmentation import IGNORED

logger = logging.getLogger(__name__)

Masks = dict[tuple[str, int], np.ndarray]


@dataclass(frozen=True)
class ExplainedPatient:
    """A patient whose segmentation is explained.

    Attributes
    ----------
    name
        The patient's, as in tables and messages.
    sequences
        Names of the channels.
    image, baseline
        Preprocessed sequences, and what they are compared with, (C, D, H, W).
    label
        Number of the labelled lesion of every voxel, 0 outside, (D, H, W).
    lesions
        Whether a voxel is labelled or predicted as part of the region, (D, H, W).
    covered
        Whether all sequences cover a voxel, (D, H, W).
    masks
        Regions (D, H, W) by (region, lesion), see `regions_of`, without voxels that are not
        covered.
    grid
        An image with the geometry of all these arrays.
    ignored
        Voxels that take no part, bool (D, H, W); None where there are none.
    """

    name: str
    sequences: list[str]
    image: np.ndarray
    baseline: np.ndarray
    label: np.ndarray
    lesions: np.ndarray
    covered: np.ndarray
    masks: Masks
    grid: sitk.Image
    ignored: np.ndarray | None = None

    @property
    def predicted(self) -> np.ndarray:
        """The predicted tumour, bool (D, H, W)."""
        return self.masks.get(("tumour", 0), np.zeros(self.label.shape, bool))


def read_explained_patient(
    name: str, paths: dict[str, str], sequences: list[str], baseline: str
) -> ExplainedPatient:
    """Read what is needed to explain a patient.

    Parameters
    ----------
    paths
        The files `image`, `coverage`, `channels`, `label`, `segmentation`, `regions` and
        `lesions`, and `donor`, another patient's preprocessed image, if the baseline needs one,
        and `classes`, the volume of classes, if there is one. `channels` lists the sequences of
        these images.
    sequences
        Channels of the network, which may be fewer.
    baseline
        Kind of the baseline, see `baseline_image`.

    Raises
    ------
    InputError
        A file is missing or does not fit the others.
    """
    channels = read_json(paths["channels"])["sequences"]

    def picked(voxels: np.ndarray, what: str) -> np.ndarray:
        return pick_channels(voxels, channels, sequences, what)

    what = f"patient {name}, preprocessed image"
    image = read_image(paths["image"], what)
    voxels = picked(to_array(image), what)
    what = f"patient {name}, coverage"
    imaged = picked(to_array(read_image(paths["coverage"], what)), what) > 0
    covered = imaged.all(axis=0)
    label, segmentation, regions = (
        to_array(read_image(paths[file], f"patient {name}, {file}"))
        for file in ("label", "segmentation", "regions")
    )
    ignored = None
    if paths.get("classes"):
        classes = read_image(paths["classes"], f"patient {name}, preprocessed classes")
        ignored = to_array(classes) == IGNORED
    donor = None
    if paths.get("donor"):
        what = f"baseline of patient {name}, preprocessed image"
        donor = picked(stretched_onto(read_image(paths["donor"], what), image), what)
    lesions = (label > 0) | (segmentation > 0)
    grid = first_channel(image)
    uncovered = np.count_nonzero(regions[~covered])
    if uncovered:
        logger.info(
            "patient %s: %d of %d voxels of lesions are not explained, as not every sequence "
            "covers them",
            *(name, uncovered, np.count_nonzero(regions)),
        )
    return ExplainedPatient(
        name,
        list(sequences),
        voxels,
        baseline_image(baseline, voxels, lesions, name, spacing_zyx(grid), imaged, donor),
        label,
        lesions,
        covered,
        regions_of(np.where(covered, regions, 0), read_table(paths["lesions"])),
        grid,
        ignored,
    )
