"""Small images of random voxels."""

import numpy as np

SPACING = (4.0, 3.0, 3.0)
SHAPE = (6, 50, 60)


def volumes(sequences):
    """Image of a number of sequences, (C, D, H, W)."""
    return np.random.default_rng(0).normal(size=(sequences, *SHAPE))
