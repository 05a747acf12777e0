"""Layer-wise relevance propagation on the graph of a network; depends on torch alone."""

from mrelevance.lrp.drop_in import attribute
from mrelevance.lrp.engine.tiles import Tiles
from mrelevance.lrp.ensemble import Ensemble, Member
from mrelevance.lrp.explainer import Explainer
from mrelevance.lrp.explanation import Explanation
from mrelevance.lrp.rules import InputRule, Rule
from mrelevance.lrp.windows import Windows

__all__ = [
    "Ensemble",
    "Explainer",
    "Explanation",
    "InputRule",
    "Member",
    "Rule",
    "Tiles",
    "Windows",
    "attribute",
]
