"""Composites by name: which rule each operation gets.

Labels, sources and allowed parameters of the composites are in `mrelevance.runtime.methods`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mrelevance.lrp import rules
from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.rules import InputRule, Rule
from mrelevance.runtime.errors import InputError

Composite = Callable[[Operation], Rule]

INPUT_RULES = {rule.name: rule for rule in (rules.z_box, rules.flat, rules.w_square)}


def is_layer(operation: Operation) -> bool:
    """Whether it is a convolution, transposed or not, a linear layer, or attention to values."""
    return operation.kind in ("convolution", "dense", "matmul")


def is_pointwise(operation: Operation) -> bool:
    """Whether it acts on each voxel alone: a linear layer, or a 1x1x1 convolution."""
    if operation.kind == "dense":
        return True
    return operation.kind == "convolution" and max(operation.arguments[1].weight.shape[2:]) == 1


def zero() -> Composite:
    """LRP-0 everywhere."""
    return lambda operation: rules.zero


def epsilon(epsilon: float = 1e-6) -> Composite:
    """LRP-epsilon for layers; sums are split in proportion to their addends."""
    rule = rules.epsilon(epsilon)
    return lambda operation: rule if is_layer(operation) else rules.zero


def gamma(gamma: float = 0.25) -> Composite:
    """Signed LRP-gamma for layers and sums."""
    rule = rules.gamma(gamma)
    return lambda operation: rule


def alpha1_beta0() -> Composite:
    """Signed z+ rule for layers and sums."""
    rule = rules.alpha_beta(1.0, 0.0)
    return lambda operation: rule


def alpha2_beta1() -> Composite:
    """Signed alpha2-beta1 rule for layers and sums."""
    rule = rules.alpha_beta(2.0, 1.0)
    return lambda operation: rule


def epsilon_plus(epsilon: float = 1e-6) -> Composite:
    """LRP-epsilon for linear layers and 1x1x1 convolutions, z+ for the rest."""
    for_pointwise, for_rest = rules.epsilon(epsilon), rules.alpha_beta(1.0, 0.0)
    return lambda operation: for_pointwise if is_pointwise(operation) else for_rest


def epsilon_gamma(epsilon: float = 1e-6, gamma: float = 0.25) -> Composite:
    """LRP-epsilon for linear layers and 1x1x1 convolutions, signed LRP-gamma for the rest."""
    for_pointwise, for_rest = rules.epsilon(epsilon), rules.gamma(gamma)
    return lambda operation: for_pointwise if is_pointwise(operation) else for_rest


def attn_lrp(epsilon: float = 1e-6) -> Composite:
    """AttnLRP: as epsilon, but both factors of a product take half, and softmax passes relevance.

    Achtibat et al. 2024, sec. 3. Relevance is not conserved by the softmax.
    """
    for_layers = replace(rules.epsilon(epsilon), shares_factors=True)
    for_rest = Rule("attn_lrp", shares_factors=True)
    return lambda operation: for_layers if is_layer(operation) else for_rest


COMPOSITES: dict[str, Callable[..., Composite]] = {
    "zero": zero,
    "epsilon": epsilon,
    "gamma": gamma,
    "alpha1_beta0": alpha1_beta0,
    "alpha2_beta1": alpha2_beta1,
    "epsilon_plus": epsilon_plus,
    "epsilon_gamma": epsilon_gamma,
    "attn_lrp": attn_lrp,
    # With a baseline every activation takes its secant slope, every layer its plain weights.
    "deeplift": zero,
    "deeplift_by_sequence": zero,
    "deeplift_halves": zero,
    "deeplift_along_path": zero,
    # As deeplift, but every activation takes a slope for each sequence.
    "deepshap": zero,
}
FROM_BASELINE = (
    "deeplift", "deeplift_by_sequence", "deeplift_halves", "deeplift_along_path", "deepshap",
)  # fmt: skip
"""Composites that explain a change: of the image, or of one sequence at a time, from a baseline.

- The map of `deeplift_by_sequence` sums, sequence by sequence, to the change of the output when
  that sequence alone is replaced by its baseline.
- That of `deeplift_halves` sums to the mean of two changes: of taking the sequence out of the
  image, and of putting it into the baseline.
- `deeplift_along_path` goes from baseline to image in `segments` equal steps and adds up what
  explains each: complete with any number of them, `deeplift` with one, integrated gradients
  (Sundararajan et al. 2017, eq. 1) in the limit of many.
- `deepshap` shares out the change of every activation among the sequences by Shapley values.
"""


def composite_by_name(name: str, **parameters: float) -> Composite:
    """Composite of that name with its parameters.

    Raises
    ------
    InputError
        There is no such composite, or it has no such parameter.
    """
    if name not in COMPOSITES:
        raise InputError(f"composite {name!r} is unknown; choose from {', '.join(COMPOSITES)}")
    return with_parameters(COMPOSITES[name], name, **parameters)


def with_parameters(function: Callable, name: str, *arguments: int, **parameters: float) -> Any:
    """What a function of the composite `name` gives for these parameters.

    Raises
    ------
    InputError
        The composite has no such parameter, or it takes no such value.
    """
    try:
        return function(*arguments, **parameters)
    except (TypeError, InputError) as error:
        raise InputError(f"composite {name!r}: {error}") from error


def input_rule_by_name(name: str | None) -> InputRule | None:
    """Input rule of that name; None for none.

    Raises
    ------
    InputError
        There is no such input rule.
    """
    if name is None:
        return None
    if name not in INPUT_RULES:
        raise InputError(f"input rule {name!r} is unknown; choose from {', '.join(INPUT_RULES)}")
    return INPUT_RULES[name]
