"""Which builder turns which ATen operation into a linear map."""

from collections.abc import Callable

from mrelevance.lrp.engine.bilinear import PRODUCTS, build_bilinear, build_quotient
from mrelevance.lrp.engine.extremes import (
    POOLING,
    build_extreme,
    build_extreme_of_two,
    build_pooled_index,
    build_pooled_maximum,
    build_unpooling,
)
from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear import (
    build_addition,
    build_convolution,
    build_dense,
    build_mixing,
    build_normalisation,
    build_selection,
)
from mrelevance.lrp.engine.linear_map import Built
from mrelevance.lrp.engine.live_normalisation import build_live_normalisation
from mrelevance.lrp.engine.masks import STEPS, build_choice, build_step
from mrelevance.lrp.engine.nonlinear import build_activation
from mrelevance.lrp.engine.normalisation import NORMALISATIONS, has_live_statistics
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.softmax import LOGARITHMS, SOFTMAX, SUMS, build_softmax
from mrelevance.lrp.engine.statistics import STATISTICS, build_statistic
from mrelevance.lrp.rules import Rule

ADDITIONS = ("add", "sub", "rsub")
MIXING = (
    "upsample_trilinear3d", "upsample_bilinear2d", "upsample_linear1d", "avg_pool3d", "avg_pool2d",
    "avg_pool1d", "adaptive_avg_pool3d", "adaptive_avg_pool2d", "adaptive_avg_pool1d",
    "_adaptive_avg_pool3d", "_adaptive_avg_pool2d", "mean", "sum", "cumsum",
)  # fmt: skip
SELECTIONS = (
    "cat", "stack", "pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d",
    "reflection_pad3d", "replication_pad1d", "replication_pad2d", "replication_pad3d", "reshape",
    "permute", "transpose", "t", "slice", "select", "narrow", "split", "unfold", "im2col", "col2im",
    "diagonal", "unsqueeze", "squeeze", "expand", "expand_as", "repeat", "repeat_interleave",
    "flatten", "unflatten", "roll", "flip", "rot90", "tril", "triu", "index", "gather",
    "index_select", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle",
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "upsample_bicubic2d", "grid_sampler",
    "grid_sampler_2d", "grid_sampler_3d", "slice_scatter", "select_scatter", "index_put",
    "neg", "scaled",
)  # fmt: skip
ACTIVATIONS = (
    "relu", "leaky_relu", "rrelu", "prelu", "_prelu_kernel", "elu", "selu", "celu", "gelu", "silu",
    "mish", "tanh", "sigmoid", "log_sigmoid", "hardsigmoid", "hardtanh", "relu6", "hardswish",
    "softplus", "hardshrink", "softshrink", "threshold", "clamp", "clamp_min", "clamp_max", "abs",
    "erf", "atan",
)  # fmt: skip
"""Functions of single values through which relevance passes unchanged without a baseline."""

FUNCTIONS = (
    "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "pow",
    "square", "maximum with constant", "minimum with constant", "sin", "cos",
)  # fmt: skip
"""Functions that are not monotone, zero at zero or defined everywhere: they need a baseline."""

Builder = Callable[[Operation, list[Pair], Rule], Built]
BUILDERS: dict[str, Builder] = {
    "convolution": build_convolution,
    "dense": build_dense,
    "quotient": build_quotient,
    "where": build_choice,
    "max_pool2d_index": build_pooled_index,
    "max_pool3d_index": build_pooled_index,
    "max_unpool2d": build_unpooling,
    "max_unpool3d": build_unpooling,
    **dict.fromkeys(PRODUCTS, build_bilinear),
    **dict.fromkeys((*SOFTMAX, *LOGARITHMS, *SUMS), build_softmax),
    **dict.fromkeys(STATISTICS, build_statistic),
    **dict.fromkeys(POOLING, build_pooled_maximum),
    **dict.fromkeys(("amax", "amin", "max", "min"), build_extreme),
    **dict.fromkeys(("maximum", "minimum"), build_extreme_of_two),
    **dict.fromkeys(STEPS, build_step),
    **dict.fromkeys(NORMALISATIONS, build_normalisation),
    **dict.fromkeys(ADDITIONS, build_addition),
    **dict.fromkeys(MIXING, build_mixing),
    **dict.fromkeys(SELECTIONS, build_selection),
    **dict.fromkeys((*ACTIVATIONS, *FUNCTIONS), build_activation),
}
"""Builders by kind of operation; add an entry for an operation that has no rule yet."""


def builder_of(operation: Operation, live: bool) -> Builder:
    """Builder of an operation; if `live`, normalisation follows the statistics of its input."""
    if live and operation.kind in NORMALISATIONS and has_live_statistics(operation):
        return build_live_normalisation
    return BUILDERS[operation.kind]
