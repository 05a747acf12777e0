"""A first segmentation with a network from elsewhere, before anything long.

A Dice near zero in the first patient usually means that channels are in the wrong order.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mrelevance.cohort.labels import understand_label
from mrelevance.cohort.references import part_of, path_of, reference
from mrelevance.cohort.sheet import LABEL, read_sheet
from mrelevance.cohort.sources import read_source
from mrelevance.networks.margin import region_margin
from mrelevance.networks.predictor import Predictor
from mrelevance.networks.scores import voxel_dice
from mrelevance.networks.trained_elsewhere import channels_of_sequences, region_of_outputs
from mrelevance.runtime.grids import grid_of
from mrelevance.runtime.images import image_like, to_array
from mrelevance.runtime.segmentation import IGNORED, declaration_of_labels, read_segmentation

NEAR_ZERO = 0.1
"""A Dice below it is worth a warning."""


def try_first_patient(predictor: Predictor, configuration: dict, project: Path) -> dict:
    """Segment the first patient of the sample sheet as its files are, and compare with its label.

    The first member of the network does it, without registration.

    Returns
    -------
    `patient`, and either `dice` by region (None where the label has none of it) or `reason`, why
    the patient cannot be segmented before its sequences are registered.

    Raises
    ------
    InputError
        A file cannot be read, or does not fit the network.
    """
    cohort, sequences = configuration["cohort"], configuration["sequences"]
    path = project / cohort["patients"]
    sheet = read_sheet(path, sequences, cohort["source"], cohort["incomplete"])
    name, row = next(iter(sheet.rows.items()))
    images = {one: _read(name, one, row, cohort, project) for one in sequences}
    label = _read(name, LABEL, row, cohort, project, images[configuration["fixed_sequence"]])
    grid = grid_of(images[configuration["fixed_sequence"]])
    apart = [one for one, image in images.items() if not grid_of(image).same(grid)]
    if apart:
        return {
            "patient": name,
            "reason": f"{', '.join(apart)} must first be registered to "
            f"{configuration['fixed_sequence']}",
        }
    return {"patient": name, "dice": _dice(predictor, images, label, configuration, name)}


def in_words(tried: Mapping) -> str:
    """What `try_first_patient` returned, in one line."""
    patient = tried["patient"]
    if "reason" in tried:
        return f"patient {patient} was not segmented in the trial: {tried['reason']}"
    told = ", ".join(
        f"{region} {'not in the label' if dice is None else format(dice, '.3f')}"
        for region, dice in tried["dice"].items()
    )
    line = f"patient {patient}, segmented as its files are by one member: Dice of {told}"
    if any(dice is not None and dice < NEAR_ZERO for dice in tried["dice"].values()):
        return (
            f"Warning: {line}. That is near zero: see whether every sequence has its channel "
            "(network.channels), and whether the images are of the kind that the network was "
            "trained on"
        )
    return line


def _read(
    patient: str,
    column: str,
    row: Mapping[str, str],
    cohort: Mapping,
    project: Path,
    fixed: sitk.Image | None = None,
) -> sitk.Image:
    path = project / cohort["data"] / path_of(row[column])
    what = f"patient {patient}, {column if column == LABEL else f'sequence {column}'}"
    return read_source(reference(path, part_of(row[column])), what, cohort["nifti_geometry"], fixed)


def _dice(
    predictor: Predictor,
    images: Mapping[str, sitk.Image],
    label: sitk.Image,
    configuration: dict,
    patient: str,
) -> dict[str, float | None]:
    """Dice of every explained region in the network's space."""
    deployment, named = predictor.deployment, configuration["network"]["channels"]
    of_sequence = channels_of_sequences(deployment, list(images), named)
    case = predictor.preprocess({of_sequence[name]: image for name, image in images.items()})
    logits = predictor.of_one_member.logits(case.image, patient)
    declared = declaration_of_labels(configuration["segmentation"])
    understood = understand_label(
        to_array(label), read_segmentation(declared), f"patient {patient}, label"
    )
    found = {}
    segmentation = read_segmentation(configuration["segmentation"])
    for region in segmentation.explained_regions:
        classes = understood.classes
        drawn = understood.lesions > 0 if classes is None else np.isin(classes, region.inside)
        ignored = np.zeros_like(drawn) if classes is None else classes == IGNORED
        truth, left_out = (
            to_array(deployment.label_to_case(image_like(mask.astype(np.uint8), label), case)) > 0
            for mask in (drawn, ignored)
        )
        outputs = region_of_outputs(deployment.outputs, segmentation, region)
        predicted = region_margin(logits, outputs.inside, outputs.outside).numpy() > 0
        dice = voxel_dice(predicted & ~left_out, truth)
        found[region.name] = None if np.isnan(dice) else round(float(dice), 4)
    return found
