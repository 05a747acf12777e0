"""The winners among blended logits: which class decides inside of a region, and which outside.

The winner is that of the logits after blending, as in the segmentation. A single window or member
may have another, so the choice cannot be made there.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Target, graph_of_target
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.trace import RuleOf, trace_image


@dataclass(frozen=True)
class Decision:
    """The choice of a target among logits, as a linear map around them.

    Attributes
    ----------
    outputs
        The target (1, 1, D, H, W) of the image, and of the baseline.
    slopes
        (1, classes, D, H, W): what a part of each logit counts in the target.
    """

    outputs: Pair
    slopes: Tensor


def decide(logits: Pair, target: Target, rule_of: RuleOf) -> Decision:
    """The decision for blended logits (1, classes, D, H, W)."""
    graph = graph_of_target(target, logits.image.shape[1])
    trace = trace_image(graph, logits, rule_of, live=True)
    # Of a change of one, the relevance is the slope.
    of_ones = replace(trace, change=torch.ones_like(logits.image))
    return Decision(trace.outputs, of_ones.reverse_mode(torch.ones_like(trace.output)))
