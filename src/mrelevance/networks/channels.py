"""Selection of sequences from the channels of an image."""

import numpy as np

from mrelevance.runtime.errors import InputError


def pick_channels(
    voxels: np.ndarray, channels: list[str], sequences: list[str], what: str
) -> np.ndarray:
    """Select the `sequences`, in their order, from an image with the named `channels`.

    Maps `voxels` (len(channels), D, H, W) to (len(sequences), D, H, W). `what` names the image in
    the error, for example `patient 07, preprocessed image`.

    Raises
    ------
    InputError
        The image has another number of channels than names, or a sequence is not among them.
    """
    found = len(voxels) if voxels.ndim == 4 else 1
    if found != len(channels):
        raise InputError(
            f"{what}: expected {len(channels)} channels ({', '.join(channels)}), found {found}; "
            "preprocess the patient again"
        )
    missing = [name for name in sequences if name not in channels]
    if missing:
        raise InputError(
            f"{what}: expected a channel {missing[0]}, found only {', '.join(channels)}; "
            "preprocess the patient again with the sequences of the configuration"
        )
    if list(sequences) == list(channels):
        return voxels
    return voxels[[channels.index(name) for name in sequences]]
