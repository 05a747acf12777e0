"""`plans.json`: how images are prepared, and which network is built.

Several configurations share the file. One may inherit from another: its entries replace those of
the other whole. Plans of the first releases describe their U-Net by other entries, which
`architecture` of this module translates.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mrelevance.networks.nnunet.described import check_entries, read_object
from mrelevance.networks.nnunet.resampling import Resampling, check_resampling
from mrelevance.runtime.errors import InputError

ORIENTATION_OF_READER = {
    "SimpleITKIO": None,
    "NibabelIO": None,
    "Tiff3DIO": None,
    "SimpleITKIOWithReorient": "RAS",
    "NibabelIOWithReorient": "RAS",
}
"""Orientation to which nnU-Net's readers turn images: axes towards right, anterior and superior."""

_AXES = {"type": "array", "items": {"enum": [0, 1, 2]}, "minItems": 3, "maxItems": 3}
_OBJECT = {"type": "object"}
SCHEMA = {
    "type": "object",
    "required": [
        "configurations",
        "transpose_forward",
        "transpose_backward",
        "image_reader_writer",
    ],
    "properties": {
        "configurations": {"type": "object", "additionalProperties": _OBJECT},
        "transpose_forward": _AXES,
        "transpose_backward": _AXES,
        "image_reader_writer": {"type": "string"},
        "foreground_intensity_properties_per_channel": _OBJECT,
        "foreground_intensity_properties_by_modality": _OBJECT,
    },
}
_PER_AXIS = {"type": "array", "minItems": 2, "maxItems": 3}
CONFIGURATION_SCHEMA = {
    "type": "object",
    "required": [
        *("patch_size", "spacing", "normalization_schemes", "use_mask_for_norm"),
        *("resampling_fn_data", "resampling_fn_data_kwargs"),
        *("resampling_fn_probabilities", "resampling_fn_probabilities_kwargs"),
    ],
    "properties": {
        "patch_size": _PER_AXIS | {"items": {"type": "integer", "minimum": 1}},
        "spacing": _PER_AXIS | {"items": {"type": "number", "exclusiveMinimum": 0}},
        "normalization_schemes": {"type": "array", "items": {"type": "string"}},
        "use_mask_for_norm": {"type": "array", "items": {"type": "boolean"}},
        "resampling_fn_data": {"type": "string"},
        "resampling_fn_data_kwargs": _OBJECT,
        "resampling_fn_probabilities": {"type": "string"},
        "resampling_fn_probabilities_kwargs": _OBJECT,
    },
}


@dataclass(frozen=True)
class Plans:
    """What `plans.json` says of one configuration.

    Attributes
    ----------
    name, dataset, configuration
        Names of the plans, the dataset and the configuration.
    orientation
        To which images are turned before all else, or None.
    forward
        Axis of the image (z, y, x) that each axis of the array has: `transpose_forward`.
    spacing
        In mm, of the array's axes: three, or the two of a slice in 2D configurations.
    patch
        Voxels of a window along the same axes.
    schemes, masked, intensities
        Of each channel: name of the normalisation; whether only the nonzero region of the image
        counts for it; intensities in the training set (empty where the file has none).
    of_images, of_logits
        How images and logits are resampled.
    entries
        All entries of the configuration, among them those of the architecture.
    """

    name: str
    dataset: str
    configuration: str
    orientation: str | None
    forward: tuple[int, int, int]
    spacing: tuple[float, ...]
    patch: tuple[int, ...]
    schemes: tuple[str, ...]
    masked: tuple[bool, ...]
    intensities: tuple[dict, ...]
    of_images: Resampling
    of_logits: Resampling
    entries: dict


def read_plans(path: Path, configuration: str, channels: int) -> Plans:
    """Read one configuration of `plans.json` for images with a number of channels.

    Raises
    ------
    InputError
        The file is missing or damaged, has no such configuration, or asks for what is not
        supported: a cascade, or functions and classes that are not nnU-Net's own.
    """
    content = read_object(path)
    check_entries(content, SCHEMA, str(path))
    entries = _inherited(content["configurations"], configuration, path)
    where = f"{path}: configuration {configuration}"
    _check_no_cascade(entries, where)
    check_entries(entries, CONFIGURATION_SCHEMA, where)
    _check_own_classes(content, entries, where)
    _check_counts(entries, channels, where)
    forward = tuple(content["transpose_forward"])
    if (
        sorted(forward) != [0, 1, 2]
        or content["transpose_backward"] != np.argsort(forward).tolist()
    ):
        raise InputError(
            f"nnU-Net: {path}: transpose_backward {content['transpose_backward']} does not undo "
            f"transpose_forward {list(forward)}; copy the file again"
        )
    known = content.get(
        "foreground_intensity_properties_per_channel",
        content.get("foreground_intensity_properties_by_modality", {}),
    )
    return Plans(
        name=str(content.get("plans_name", "")),
        dataset=str(content.get("dataset_name", "")),
        configuration=configuration,
        orientation=ORIENTATION_OF_READER[content["image_reader_writer"]],
        forward=forward,
        spacing=tuple(map(float, entries["spacing"])),
        patch=tuple(entries["patch_size"]),
        schemes=tuple(entries["normalization_schemes"]),
        masked=tuple(entries["use_mask_for_norm"]),
        intensities=tuple(known.get(str(channel), {}) for channel in range(channels)),
        of_images=_resampling(entries, "resampling_fn_data", where),
        of_logits=_resampling(entries, "resampling_fn_probabilities", where),
        entries=entries,
    )


def _inherited(configurations: dict[str, dict], name: str, path: Path) -> dict:
    """Entries of a configuration and of those that it inherits from, the nearest first."""
    entries, chain = {}, []
    while name is not None:
        if name in chain:
            raise InputError(
                f"nnU-Net: {path}: configurations inherit from each other in a circle "
                f"({' from '.join([*chain, name])}); correct inherits_from"
            )
        if name not in configurations:
            by = f", from which {chain[-1]} inherits," if chain else ""
            raise InputError(
                f"nnU-Net: {path}: the configuration {name}{by} is not among "
                f"{', '.join(configurations) or 'them (there is none)'}; use the plans.json that "
                "the network was trained with"
            )
        chain.append(name)
        entries = configurations[name] | entries
        name = configurations[name].get("inherits_from")
    return entries


def _check_no_cascade(entries: dict, where: str) -> None:
    previous = entries.get("previous_stage")
    if previous is not None:
        raise InputError(
            f"nnU-Net: {where} is the second stage of a cascade: beside the images it reads the "
            f"segmentation of the configuration {previous}, so relevance of sequences alone does "
            "not add up; give the folder of a network that reads images only, such as 3d_fullres "
            f"or {previous}"
        )


def _check_own_classes(content: dict, entries: dict, where: str) -> None:
    """Check that no class of the user's own prepares the images or reads the outputs."""
    expected = {
        "preprocessor_name": (entries, ["DefaultPreprocessor"]),
        "label_manager": (content, ["LabelManager"]),
        "image_reader_writer": (content, list(ORIENTATION_OF_READER)),
    }
    for key, (holder, known) in expected.items():
        found = holder.get(key, known[0])
        if found not in known:
            raise InputError(
                f"nnU-Net: {where}: {key} is {found}, which is not supported; only networks with "
                f"{' or '.join(known)} can be explained"
            )


def _check_counts(entries: dict, channels: int, where: str) -> None:
    for key in ("normalization_schemes", "use_mask_for_norm"):
        if len(entries[key]) != channels:
            raise InputError(
                f"nnU-Net: {where}: {key} has {len(entries[key])} entries, and dataset.json has "
                f"{channels} channels; use the two files of the same training"
            )
    if len(entries["spacing"]) != len(entries["patch_size"]):
        raise InputError(
            f"nnU-Net: {where}: spacing and patch_size have {len(entries['spacing'])} and "
            f"{len(entries['patch_size'])} axes; use the plans.json of the training"
        )


def _resampling(entries: dict, key: str, where: str) -> Resampling:
    resampling = Resampling(entries[key], entries[f"{key}_kwargs"])
    check_resampling(resampling, f"{where}: {key}")
    return resampling
