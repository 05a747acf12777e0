"""Colours of signed values over a grey picture; of relevance red is for the target."""

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, Normalize

BACKDROP = 0.55  # grey on which the colour bar shows the overlay, which is transparent near zero
HUES = LinearSegmentedColormap.from_list(
    "against_for", ["#00429D", "#2E7BFF", "#FF4D3D", "#B00020"]
)


def coloured(values: np.ndarray, limit: float, hues: Colormap = HUES) -> np.ndarray:
    """(H, W, 4) colours of values from -limit to limit; their opacity grows with the magnitude."""
    colours = hues(Normalize(-limit, limit, clip=True)(values))
    colours[..., 3] = 0.9 * np.clip(np.abs(values) / limit, 0, 1) ** 0.7
    return colours


def bar_colours(hues: Colormap = HUES) -> ListedColormap:
    """Colour map of a colour bar for `coloured`, as it looks over grey."""
    colours = coloured(np.linspace(-1, 1, 256), 1.0, hues)
    opacity = colours[:, 3:]
    return ListedColormap(opacity * colours[:, :3] + (1 - opacity) * BACKDROP)
