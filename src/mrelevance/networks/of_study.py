"""The network of a study, whoever trained it, as later jobs apply it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import nn

from mrelevance.lrp.windows import Windows
from mrelevance.networks.imported.trained import network_of_card
from mrelevance.networks.loading import load_network
from mrelevance.networks.predictor import Predictor
from mrelevance.networks.trained_elsewhere import TRAINED_ELSEWHERE, check_files, load_source
from mrelevance.runtime.files import read_json


def load_predictor(
    card: str | Path, sequences: Sequence[str], deployed: Mapping, precision: str = "float32"
) -> Predictor:
    """The predictor of a study.

    Parameters
    ----------
    card
        `card.json` of its network; where it was trained here, `weights.pt` lies beside it.
    sequences
        Channels of the images that it will be applied to, in order.
    deployed
        Of a network that was trained elsewhere what `load_source` takes; of one that was trained
        here `source` (None), `window`, `overlap` and `divisor`.
    precision
        See `Predictor`.

    Raises
    ------
    InputError
        See `load_network` and `load_source`; or the files have changed since the card was written.
    """
    if deployed["source"] is None:
        network = load_network(Path(card).parent, sequences)
        windows = Windows(tuple(deployed["window"][::-1]), deployed["overlap"])
        return Predictor(network, windows, divisor=deployed["divisor"], precision=precision)
    predictor = load_source(deployed, precision)
    check_files(read_json(card), predictor.deployment)
    return predictor


def load_for_crops(card: str | Path, sequences: Sequence[str], deployed: Mapping) -> nn.Module:
    """The network of a study as one module for whole crops; see `load_predictor`."""
    if deployed["source"] is None:
        return load_network(Path(card).parent, sequences)
    return load_predictor(card, sequences, deployed).of_crops


def number_of_weights(card: Mapping) -> int:
    """Number of trainable numbers of the network that a card describes."""
    if card.get("kind") == TRAINED_ELSEWHERE:
        return card["parameters"]
    weights = network_of_card(card).parameters()
    return sum(weight.numel() for weight in weights if weight.requires_grad)
