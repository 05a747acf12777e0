"""How an explainer explains: composite, input rule, baseline and statistics, as chosen."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from mrelevance.lrp.changes import PLANS, Plan
from mrelevance.lrp.composites import (
    FROM_BASELINE,
    Composite,
    composite_by_name,
    input_rule_by_name,
    with_parameters,
)
from mrelevance.lrp.rules import InputRule
from mrelevance.runtime.errors import InputError

STATISTICS = ("live", "frozen")

Baseline = Tensor | Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Method:
    """A checked choice.

    Attributes
    ----------
    rule_of
        The rule of each operation.
    input_rule
        For the layers that read the image; None: the composite's.
    baseline
        An image, or a function from image to baseline; None without one.
    live
        Whether normalisation follows the statistics of image and baseline.
    plan
        Which changes are explained.
    """

    rule_of: Composite
    input_rule: InputRule | None
    baseline: Baseline | None
    live: bool
    plan: Plan


def chosen_method(
    composite: str | Composite,
    sequences: int,
    input_rule: str | InputRule | None,
    baseline: Baseline | None,
    statistics: str,
    parameters: dict[str, float],
) -> Method:
    """Check a choice for images of that many sequences; see `Explainer` for the parameters.

    Raises
    ------
    InputError
        A name is unknown, a parameter does not suit the composite, or a baseline or an input rule
        is missing or too many.
    """
    from_baseline = composite in FROM_BASELINE
    if from_baseline and baseline is None:
        raise InputError(
            f"composite {composite!r} needs baseline=, an image or a function of the image"
        )
    if from_baseline and input_rule is not None:
        raise InputError(f"composite {composite!r} takes no input rule; leave input_rule out")
    if not from_baseline and isinstance(composite, str) and baseline is not None:
        raise InputError(f"composite {composite!r} takes no baseline; use 'deepshap'")
    if statistics not in STATISTICS:
        raise InputError(f"statistics={statistics!r} is neither 'live' nor 'frozen'")
    plan = Plan()
    if composite in PLANS:
        plan = with_parameters(PLANS[composite], composite, sequences, **parameters)
        parameters = {}
    return Method(
        composite_by_name(composite, **parameters) if isinstance(composite, str) else composite,
        input_rule if isinstance(input_rule, InputRule) else input_rule_by_name(input_rule),
        baseline,
        baseline is not None and statistics == "live",
        plan,
    )
