"""Explainers by the identifier of a configured composite."""

from torch import Tensor

from mrelevance.lrp import Explainer
from mrelevance.runtime.method_names import parse
from mrelevance.runtime.methods import METHODS


def under_composite(exported: Explainer, method: str, baseline: Tensor) -> Explainer:
    """Explainer of the same network under a composite, with the baseline if it needs one.

    `method` is the identifier of the composite, such as `epsilon-0.25`; `baseline` is
    (C, D, H, W). The network is not exported again.

    Raises
    ------
    InputError
        There is no such composite.
    """
    name, parameters = parse(method)
    given = baseline if METHODS[name].needs_baseline else None
    return exported.with_composite(name, baseline=given, **parameters)
