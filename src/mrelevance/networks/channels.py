"""Taking some sequences out of an image that holds more."""

import numpy as np

from mrelevance.runtime.errors import InputError


def pick_channels(
    voxels: np.ndarray, channels: list[str], sequences: list[str], what: str
) -> np.ndarray:
    """Channels (len(sequences), D, H, W) of `voxels` (len(channels), D, H, W), in the order asked.

    `channels` names those of the image; `what` names the image in the error, for example
    `patient 07, preprocessed image`.

    Raises
    ------
    InputError
        The image has another number of channels than names, or none of a name asked for.
    """
    if voxels.ndim != 4 or len(voxels) != len(channels):
        raise InputError(
            f"{what}: it has not the {len(channels)} channels {', '.join(channels)}; "
            "preprocess it again"
        )
    missing = [name for name in sequences if name not in channels]
    if missing:
        raise InputError(
            f"{what}: it holds no sequence {missing[0]}, only {', '.join(channels)}; preprocess "
            "it again with the sequences of the configuration"
        )
    if list(sequences) == list(channels):
        return voxels
    return voxels[[channels.index(name) for name in sequences]]
