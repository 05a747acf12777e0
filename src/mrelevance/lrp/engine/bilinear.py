"""Products, matrix products and quotients of two activations.

With a baseline, a bilinear operation B follows the midpoint rule

    B(a, b) - B(a0, b0) = B(da, mean(b)) + B(mean(a), db),

which is exact, and which is the exact Shapley value of either factor. A quotient `q = a / b` is the
product `a = q b` solved for q,

    dq = (da - mean(q) db) / mean(b),

whose coefficients stay bounded where image and baseline differ in scale, but not in sign.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear import layer_map
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule

PRODUCTS = ("product", "matmul")


def build_bilinear(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Product or matrix product, convolution and einsum of two activations included.

    Without a baseline the weight, an attention matrix or a gate, is held fixed: the other factor
    passes a layer with these weights under the rule. A rule that `shares_factors` gives half of
    the relevance to either factor.
    """
    output = apply_each(operation, values)
    first, second = (_halfway(value) for value in values)
    if values[0].baseline is not None:
        return output, _product_map(operation, first, second, 1.0)
    if rule.shares_factors:
        return output, _product_map(operation, first, second, 0.5)
    return output, _weighted_map(operation, [first, second], output.image, rule)


def _halfway(value: Pair) -> Tensor:
    return value.image if value.baseline is None else (value.image + value.baseline) / 2


def _product_map(operation: Operation, a: Tensor, b: Tensor, share: float) -> LinearMap:
    def forward(p: Tensor, q: Tensor) -> Tensor:
        return share * (operation.apply_to([p, b]) + operation.apply_to([a, q]))

    def reverse(m: Tensor) -> tuple[Tensor, Tensor]:
        m = share * m
        return _transpose(operation, a, b, 0)(m), _transpose(operation, a, b, 1)(m)

    return LinearMap(forward, reverse)


def _weighted_map(
    operation: Operation, values: list[Tensor], output: Tensor, rule: Rule
) -> LinearMap:
    """Map of the factor that is no weight, as of a layer with the other one's weights."""
    weight = operation.weight
    signal = 1 - weight

    def with_weights(weights: Tensor) -> tuple[Callable, Callable]:
        given = [weights, weights]

        def linear(q: Tensor) -> Tensor:
            return operation.apply_to([q, weights] if weight == 1 else [weights, q])

        given[signal] = values[signal]
        return linear, _transpose(operation, *given, signal)

    linear, transpose = with_weights(values[weight])
    absolute, absolute_transpose = with_weights(values[weight].abs())
    layer = layer_map(
        linear=linear, transpose=transpose, absolute_linear=absolute,
        absolute_transpose=absolute_transpose, x=values[signal], sums=output, output=output,
        scale=output.new_ones(()), rule=rule,
    )  # fmt: skip

    def reverse(m: Tensor) -> tuple[Tensor | None, Tensor | None]:
        (passed,) = layer.reverse(m)
        return (passed, None) if signal == 0 else (None, passed)

    return LinearMap(lambda *qs: layer.forward(qs[signal]), reverse)


def _transpose(operation: Operation, a: Tensor, b: Tensor, position: int) -> Callable:
    """Transpose of the operation as a linear map of the factor at `position`."""
    if operation.kind == "product":
        other, size = (b, a.shape) if position == 0 else (a, b.shape)
        return lambda m: (other * m).sum_to_size(size)
    zeros = (a, b)[position].new_zeros(()).expand((a, b)[position].shape)

    def transpose(m: Tensor) -> Tensor:
        def of(q: Tensor) -> Tensor:
            return operation.apply_to([q, b] if position == 0 else [a, q])

        _, pull = torch.func.vjp(of, zeros)
        return pull(m)[0]

    return transpose


def build_quotient(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Quotient of two activations; without a baseline the divisor is a weight."""
    output = apply_each(operation, values)
    a, b = values
    sizes = a.image.shape, b.image.shape
    if a.baseline is None:
        gain = 1 / b.image
        return output, LinearMap(
            lambda q, _: gain * q, lambda m: ((gain * m).sum_to_size(sizes[0]), None)
        )
    # Where the divisor changes its sign, its mean may be zero: the midpoint rule for `a (1 / b)`.
    alike = b.image * b.baseline > 0
    both = b.image + b.baseline
    of_a = torch.where(alike, 2 / both, (1 / b.image + 1 / b.baseline) / 2)
    of_b = torch.where(
        alike,
        -(output.image + output.baseline) / both,
        -_halfway(a) / (b.image * b.baseline),
    )
    return output, LinearMap(
        lambda p, q: of_a * p + of_b * q,
        lambda m: ((of_a * m).sum_to_size(sizes[0]), (of_b * m).sum_to_size(sizes[1])),
    )
