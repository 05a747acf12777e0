"""Normalisation of intensities, so that they are comparable between patients."""

import numpy as np

from mrelevance.runtime.errors import InputError

# Interquartile range of a standard normal distribution.
NORMAL_IQR = 1.349


def robust_z_score(
    array: np.ndarray, body: np.ndarray, what: str
) -> tuple[np.ndarray, float, float]:
    """Centre and scale the body to median 0 and the interquartile range of a standard normal.

    The result is (array - centre) / scale inside the body and 0 outside: the background is the same
    in every sequence and holds no information.

    Parameters
    ----------
    array
        (D, H, W).
    body
        Boolean, (D, H, W).
    what
        Names patient and sequence in the error.

    Returns
    -------
    The float32 image, centre and scale.

    Raises
    ------
    InputError
        The quartiles of the body are equal: at least half of it has one value.
    """
    low, centre, high = (float(value) for value in np.percentile(array[body], [25, 50, 75]))
    scale = (high - low) / NORMAL_IQR
    if scale == 0:
        raise InputError(
            f"{what}: at least half of the body has the value {centre:g}, so intensities cannot be "
            "normalised; check the image"
        )
    scored = np.where(body, (array - centre) / scale, 0).astype(np.float32)
    return scored, centre, scale
