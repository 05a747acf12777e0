"""The rules of layer-wise relevance propagation, each written once.

A layer computes `z = sum_j c_j + b` from contributions `c_j = w_j x_j` and a bias. A rule says
which part of the relevance of `z` each contribution takes. All rules here give contributions of
one sign the same factor, so a rule is a function of three tensors like the layer's output,

    positive = sum of the positive contributions   (>= 0)
    negative = sum of the negative contributions   (<= 0)
    output   = positive + negative + bias

that returns the two gains `z * r_+` and `z * r_-`, where contribution `c_j` takes
`r_+ c_j` (or `r_- c_j`) of the relevance of `z`. The gains make the layer a linear map; reverse
mode applies its transpose.

The part that alpha-beta and gamma rules take as positive is the one with the sign of
`positive + negative`. Trained networks have negative pre-activations, for which the textbook
form finds nothing to distribute and loses the relevance.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Gains = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Rule:
    """A named rule.

    `gains(positive, negative, output)` gives the gains of positive and negative contributions.
    A rule that treats both alike sets `gain(output)` instead, which halves the computation.
    Without either, the map is the plain linear layer (LRP-0, and DeepLIFT's linear rule).
    `elementwise` tells that each gain depends on its own element alone; gains are then computed
    some channels at a time, which takes less memory.
    If `shares_factors`, both factors of a product take half of its relevance, and a softmax passes
    it on by its derivatives (AttnLRP); otherwise one factor is a weight and takes none.
    """

    name: str
    gains: Callable[[Tensor, Tensor, Tensor], Gains] | None = None
    gain: Callable[[Tensor], Tensor] | None = None
    elementwise: bool = False
    shares_factors: bool = False


@dataclass(frozen=True)
class InputRule:
    """A rule for layers that read the image: relevance by weight, not by contribution.

    `terms(weight)` gives pairs (kind, weights). What input voxel `j` takes is proportional to
    `sum over terms of w_j * value_j`. The value is `x_j` for kind `image`, 1 for `one`, and the
    bounds of the image per sequence for `low` and `high`.
    """

    name: str
    terms: Callable[[Tensor], list[tuple[str, Tensor]]]


zero = Rule("zero")
"""LRP-0 (Bach et al. 2015, eq. 56; Montavon et al. 2019, sec. 10.2.1): `c_j / z`."""


def epsilon(epsilon: float = 1e-6) -> Rule:
    """LRP-epsilon (Bach et al. 2015, eq. 58): `c_j / (z + sign(z) epsilon rms(z))`.

    `epsilon` is relative to the root mean square of the layer's output, so one value suits layers
    of any scale. Relevance that biases and the stabiliser absorb is lost.
    """

    def gain(output: Tensor) -> Tensor:
        stabiliser = epsilon * torch.linalg.vector_norm(output) / output.numel() ** 0.5
        magnitude = output.abs()
        stabilised = (magnitude + stabiliser).clamp_min_(torch.finfo(output.dtype).tiny)
        return magnitude.div_(stabilised)

    return Rule(f"epsilon {epsilon:g}", gain=gain)


def alpha_beta(alpha: float, beta: float) -> Rule:
    """LRP-alpha-beta (Bach et al. 2015, eq. 60), signed, without biases: conserves exactly.

    Contributions with the sign of their sum take `alpha`, the others take `-beta`. If there are
    no others, the first take everything. With alpha 1 and beta 0 this is the z+ rule.
    """

    def gains(positive: Tensor, negative: Tensor, output: Tensor) -> Gains:
        upwards = positive + negative >= 0
        same = torch.where(upwards, positive, negative)
        other = torch.where(upwards, negative, positive)
        # A smaller part is the rounding error of the two convolutions.
        present = other.abs() > 64 * torch.finfo(output.dtype).eps * same.abs()
        for_same = torch.where(present, alpha, alpha - beta) * quotient(output, same)
        for_other = torch.where(present, -beta * quotient(output, other), 0)
        return (
            torch.where(upwards, for_same, for_other),
            torch.where(upwards, for_other, for_same),
        )

    return Rule(f"alpha{alpha:g}_beta{beta:g}", gains=gains, elementwise=True)


def gamma(gamma: float = 0.25) -> Rule:
    """LRP-gamma (Montavon et al. 2019, sec. 10.2.1), signed, without biases.

    Contributions with the sign of their sum get the weight `1 + gamma`. Unlike in the unsigned
    rule, the denominator is zero only if there are no contributions.
    """

    def gains(positive: Tensor, negative: Tensor, output: Tensor) -> Gains:
        upwards = positive + negative >= 0
        same = torch.where(upwards, positive, negative)
        base = quotient(output, positive + negative + gamma * same)
        favoured = (1 + gamma) * base
        return torch.where(upwards, favoured, base), torch.where(upwards, base, favoured)

    return Rule(f"gamma {gamma:g}", gains=gains, elementwise=True)


def quotient(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Quotient; zero where the denominator is zero, as there is nothing to distribute."""
    return (numerator / denominator).masked_fill_(denominator == 0, 0)


flat = InputRule("flat", lambda weight: [("one", torch.ones_like(weight))])
"""Flat rule (Lapuschkin et al. 2019): every input voxel of the kernel takes the same part."""

w_square = InputRule("w_square", lambda weight: [("one", weight.square())])
"""w-square rule (Montavon et al. 2017, Pattern Recognition 65): input voxels take `w_j**2`."""

z_box = InputRule(
    "z_box",
    lambda weight: [
        ("image", weight),
        ("low", -weight.clamp_min(0)),
        ("high", -weight.clamp_max(0)),
    ],
)
"""z-box rule (Montavon et al. 2017, eq. 18): inputs are bounded by the extremes of a sequence."""
