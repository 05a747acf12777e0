"""The table of layers and how each passes relevance on."""

from collections.abc import Iterable

from mrelevance.lrp.engine.bilinear import PRODUCTS
from mrelevance.lrp.engine.extremes import POOLING
from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.normalisation import NORMALISATIONS, has_live_statistics
from mrelevance.lrp.engine.operations import ACTIVATIONS, FUNCTIONS
from mrelevance.lrp.engine.softmax import LOGARITHMS, SOFTMAX, SUMS
from mrelevance.lrp.engine.statistics import STATISTICS
from mrelevance.lrp.method import Method
from mrelevance.lrp.rules import zero

BY_CHANGE = {
    **dict.fromkeys((*ACTIVATIONS, *FUNCTIONS), "secant slope"),
    **dict.fromkeys((*PRODUCTS, "quotient"), "midpoint rule"),
    **dict.fromkeys((*SOFTMAX, *LOGARITHMS, *SUMS), "logarithmic mean"),
    **dict.fromkeys((*POOLING, "amax", "amin", "max", "min", "maximum", "minimum"),
                    "cross maximum"),
    **dict.fromkeys(STATISTICS, "live statistics"),
}  # fmt: skip
"""How operations that no rule applies to divide their change from the baseline."""


def summary_of(operations: Iterable[Operation], image: str, method: Method) -> str:
    """One line for each operation; `image` is the name of the activation that holds the image."""
    lines = [f"{'layer':<60} {'operation':<28} rule"]
    for operation in operations:
        kind = operation.kind
        if operation.normalisation:
            kind += f" + {operation.normalisation.kind}"
        reads_image = operation.kind == "convolution" and operation.inputs[0] == image
        if method.input_rule and reads_image:
            rule = method.input_rule.name
        else:
            rule = _in_words(operation, method)
        lines.append(f"{operation.path:<60} {kind:<28} {rule}")
    return "\n".join(lines)


def _in_words(operation: Operation, method: Method) -> str:
    """What an operation does with relevance: its rule, or what stands for a rule."""
    kind, rule = operation.kind, method.rule_of(operation)
    if method.baseline is None:
        return "unchanged" if kind in ACTIVATIONS else rule.name
    if kind in ACTIVATIONS and method.plan.shapley:
        return "Shapley values"
    if kind in NORMALISATIONS and has_live_statistics(operation):
        return "live statistics" if method.live else "frozen statistics"
    # LRP-0 of a change is the change that the layer's weights make of it.
    return BY_CHANGE.get(kind, "plain weights" if rule is zero else rule.name)
