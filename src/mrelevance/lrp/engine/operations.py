"""Which builder turns which ATen operation into a linear map."""

from collections.abc import Callable

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear import (
    build_addition,
    build_convolution,
    build_mixing,
    build_normalisation,
    build_selection,
)
from mrelevance.lrp.engine.linear_map import Built
from mrelevance.lrp.engine.live_normalisation import build_live_normalisation
from mrelevance.lrp.engine.nonlinear import (
    build_activation,
    build_channel_maximum,
    build_pooled_maximum,
    build_product,
)
from mrelevance.lrp.engine.normalisation import NORMALISATIONS, has_live_statistics
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule

ADDITIONS = ("add", "sub", "rsub")
MIXING = (
    "upsample_trilinear3d", "upsample_bilinear2d", "avg_pool3d", "avg_pool2d",
    "adaptive_avg_pool3d", "adaptive_avg_pool2d", "_adaptive_avg_pool3d",
    "_adaptive_avg_pool2d", "mean",
)  # fmt: skip
SELECTIONS = (
    "cat", "pad", "constant_pad_nd", "view", "_unsafe_view", "reshape", "permute", "transpose",
    "slice", "select", "narrow", "unsqueeze", "squeeze", "expand", "repeat", "flatten",
    "unflatten", "upsample_nearest3d", "upsample_nearest2d", "neg", "scaled",
)  # fmt: skip
ACTIVATIONS = (
    "relu", "leaky_relu", "prelu", "_prelu_kernel", "elu", "selu", "celu", "gelu", "silu", "mish",
    "tanh", "sigmoid", "hardtanh", "relu6", "hardswish", "softplus",
)  # fmt: skip
Builder = Callable[[Operation, list[Pair], Rule], Built]
BUILDERS: dict[str, Builder] = {
    "convolution": build_convolution,
    "max_pool3d": build_pooled_maximum,
    "max_pool2d": build_pooled_maximum,
    "amax": build_channel_maximum,
    "gated": build_product,
    "product": build_product,
    **dict.fromkeys(NORMALISATIONS, build_normalisation),
    **dict.fromkeys(ADDITIONS, build_addition),
    **dict.fromkeys(MIXING, build_mixing),
    **dict.fromkeys(SELECTIONS, build_selection),
    **dict.fromkeys(ACTIVATIONS, build_activation),
}
"""Builders by kind of operation; add an entry for an operation that has no rule yet."""


def builder_of(operation: Operation, live: bool) -> Builder:
    """Builder of an operation; if `live`, normalisation follows the statistics of its input."""
    if live and operation.kind in NORMALISATIONS and has_live_statistics(operation):
        return build_live_normalisation
    return BUILDERS[operation.kind]
