"""Which inputs of an operation take relevance, and what to do about operations without a rule."""

import warnings

from mrelevance.lrp.engine.bilinear import PRODUCTS
from mrelevance.lrp.engine.graph import Graph, Operation
from mrelevance.lrp.engine.operations import BUILDERS, FUNCTIONS, SELECTIONS
from mrelevance.lrp.engine.softmax import LOGARITHMS, SOFTMAX
from mrelevance.lrp.engine.statistics import is_euclidean
from mrelevance.lrp.rules import Rule
from mrelevance.runtime.errors import InputError

REMEDY = (
    "add one to mrelevance.lrp.engine.operations.BUILDERS, or replace the layer by operations that "
    "have one (docs/lrp.md lists them)"
)
RANDOM = (
    "dropout", "native_dropout", "feature_dropout", "alpha_dropout", "bernoulli", "rand_like",
    "randn_like", "rand", "randn",
)  # fmt: skip


def check_rule(operation: Operation) -> None:
    """Check that an operation has a rule.

    Raises
    ------
    InputError
        It has none; the message names operation and layer, and says what to do.
    """
    kind = operation.kind
    if kind in RANDOM:
        raise InputError(
            f"{operation} is random; remove it, or let it follow the network's mode "
            "(training=self.training) and call network.eval()"
        )
    if kind not in BUILDERS or (kind == "linalg_vector_norm" and not is_euclidean(operation)):
        raise InputError(f"{operation} has no rule; {REMEDY}")


def inputs_with_relevance(operation: Operation, rule: Rule) -> list[str]:
    """Names of the inputs that take relevance without a baseline.

    Raises
    ------
    InputError
        The operation has no rule, or none without a baseline.
    """
    check_rule(operation)
    kind, inputs = operation.kind, operation.inputs
    if kind in (*SOFTMAX, *LOGARITHMS) and not rule.shares_factors:
        raise InputError(
            f"{operation} has no rule without a baseline; if it ends the network, remove it and "
            "explain the logits, else use a composite with a baseline, such as deeplift"
        )
    if kind in FUNCTIONS:
        raise InputError(
            f"{operation} has no rule without a baseline; use a composite with one, such as "
            "deeplift, or replace the layer"
        )
    if kind in PRODUCTS and rule.shares_factors:
        return inputs
    if kind in PRODUCTS and operation.weight is None:
        raise InputError(
            f"{operation} multiplies two activations, neither of which is a gate (sigmoid or "
            "softmax); use a composite with a baseline, such as deeplift"
        )
    return [name for index, name in enumerate(inputs) if index != operation.weight]


def warn_of_probabilities(graph: Graph) -> None:
    """Warn if a network ends with a softmax or sigmoid."""
    by_name = {operation.name: operation for operation in graph.operations}
    last = by_name.get(graph.output)
    while last is not None and last.kind in SELECTIONS and len(last.inputs) == 1:
        last = by_name.get(last.inputs[0])
    if last is not None and last.kind in (*SOFTMAX, *LOGARITHMS, "sigmoid", "log_sigmoid"):
        warnings.warn(
            f"the network ends with {last}, so probabilities are explained, which saturate; "
            "remove it and explain the logits",
            stacklevel=3,
        )
