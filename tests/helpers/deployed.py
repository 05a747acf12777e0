"""Networks as they are deployed."""

from torch import nn

from mrelevance.lrp.engine.tiles import Tiles
from mrelevance.lrp.ensemble import Ensemble, Member
from mrelevance.lrp.windows import Windows
from mrelevance.networks.inference import PaddedNetwork


def ensemble_of(
    network: nn.Module,
    window: tuple[int, int, int],
    overlap: float = 0.5,
    divisor: int = 1,
    tiles: Tiles | None = None,
) -> Ensemble:
    """One network in windows of (x, y, z) voxels, as in the configuration."""
    padded = PaddedNetwork(network, divisor).eval()
    return Ensemble((Member(padded),), Windows(tuple(window[::-1]), overlap, tiles))
