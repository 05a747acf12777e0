"""Normalising intensities with the schemes that nnU-Net's plans name, each channel by its own."""

from collections.abc import Callable

import numpy as np

from mrelevance.networks.nnunet.described import COPY_AGAIN
from mrelevance.runtime.errors import InputError

SMALLEST_DEVIATION = 1e-8
"""What an image of one intensity is divided by."""

LARGEST_RGB = 255
CT = "CTNormalization"
OF_TRAINING = ("mean", "std", "percentile_00_5", "percentile_99_5")
"""Intensities in the foreground of the training set that `CTNormalization` needs."""


def check_schemes(schemes: tuple[str, ...], intensities: tuple[dict, ...], where: str) -> None:
    """Check that the scheme of every channel is known; `where` names the plans.

    Raises
    ------
    InputError
        A scheme is unknown, or lacks the intensities of the training set.
    """
    for channel, (scheme, known) in enumerate(zip(schemes, intensities, strict=True)):
        if scheme not in SCHEMES:
            raise InputError(
                f"nnU-Net: {where}: normalization_schemes has {scheme} for channel {channel}, "
                f"which is not supported; only networks with {', '.join(SCHEMES)} can be explained"
            )
        missing = [key for key in OF_TRAINING if not isinstance(known.get(key), int | float)]
        if scheme == CT and missing:
            raise InputError(
                f"nnU-Net: {where}: foreground_intensity_properties_per_channel lacks "
                f"{', '.join(missing)} of channel {channel}, which {CT} needs; {COPY_AGAIN}"
            )


def normalise(
    channel: np.ndarray, scheme: str, region: np.ndarray | None, intensities: dict, what: str
) -> None:
    """Normalise a channel (D, H, W), float32, in place.

    Parameters
    ----------
    scheme
        Name of one of `SCHEMES`.
    region
        Bool (D, H, W), where the image is not zero, if only that counts for the scheme; None: all.
    intensities
        Of the channel in the training set, see `OF_TRAINING`.
    what
        Names the channel in the error.

    Raises
    ------
    InputError
        The channel has intensities that the scheme does not take.
    """
    SCHEMES[scheme](channel, region, intensities, what)


def _z_score(channel: np.ndarray, region: np.ndarray | None, _: dict, __: str) -> None:
    """Subtract the mean of this image, divide by its standard deviation; outside all stays."""
    inside = channel if region is None else channel[region]
    mean, deviation = inside.mean(), max(inside.std(), SMALLEST_DEVIATION)
    if region is None:
        channel -= mean
        channel /= deviation
    else:
        channel[region] = (inside - mean) / deviation


def _ct(channel: np.ndarray, _: np.ndarray | None, intensities: dict, __: str) -> None:
    """Clip to percentiles of the training set; subtract its mean, divide by its deviation."""
    np.clip(channel, intensities["percentile_00_5"], intensities["percentile_99_5"], out=channel)
    channel -= intensities["mean"]
    channel /= max(intensities["std"], SMALLEST_DEVIATION)


def _none(channel: np.ndarray, _: np.ndarray | None, __: dict, ___: str) -> None:
    """Leave the image as it is."""


def _to_unit_range(channel: np.ndarray, _: np.ndarray | None, __: dict, ___: str) -> None:
    """Map the range of this image to 0 to 1."""
    channel -= channel.min()
    channel /= max(channel.max(), SMALLEST_DEVIATION)


def _rgb(channel: np.ndarray, _: np.ndarray | None, __: dict, what: str) -> None:
    """Divide bytes of a colour picture by 255."""
    if channel.min() < 0 or channel.max() > LARGEST_RGB:
        raise InputError(
            f"{what}: intensities from {channel.min():g} to {channel.max():g}, and the network "
            f"takes those of colour pictures, 0 to {LARGEST_RGB}; give the image in that range"
        )
    channel /= LARGEST_RGB


SCHEMES: dict[str, Callable[[np.ndarray, np.ndarray | None, dict, str], None]] = {
    "ZScoreNormalization": _z_score,
    CT: _ct,
    "NoNormalization": _none,
    "RescaleTo01Normalization": _to_unit_range,
    "RGBTo01Normalization": _rgb,
}
