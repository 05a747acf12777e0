"""One window of one network, traced as a method asks."""

from mrelevance.lrp.engine.graph import Graph
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.shapley_trace import ShapleyTrace, trace_shapley
from mrelevance.lrp.engine.trace import Trace, trace_image
from mrelevance.lrp.method import Method


def trace_window(
    graph: Graph, window: Pair, method: Method, draw: int | None, keep_values: bool
) -> Trace | ShapleyTrace:
    """Trace a window (1, C, D, H, W) and its baseline; `draw` is that of the change, if any."""
    if method.plan.shapley:
        drawn = method.plan.orders
        orders = None if drawn is None or draw is None else drawn[draw]
        return trace_shapley(
            graph, window, method.rule_of, live=method.live, orders=orders,
            keep_values=keep_values,
        )  # fmt: skip
    return trace_image(
        graph, window, method.rule_of, method.input_rule, live=method.live,
        keep_values=keep_values,
    )  # fmt: skip
