"""Explainers by the identifier of a configured composite."""

from torch import Tensor

from mrelevance.lrp import Explainer
from mrelevance.runtime.method_names import parse
from mrelevance.runtime.methods import METHODS


def under_composite(
    exported: Explainer, method: str, baseline: Tensor, statistics: str
) -> Explainer:
    """Explainer of the same network under a composite, with the baseline if it needs one.

    `method` is the identifier of the composite, such as `epsilon-0.25`; `baseline` is
    (C, D, H, W); `statistics`, `live` or `frozen`, are those of normalisation layers where there is
    a baseline. The network is not exported again.

    Raises
    ------
    InputError
        There is no such composite.
    """
    name, parameters = parse(method)
    if not METHODS[name].needs_baseline:
        return exported.with_composite(name, **parameters)
    return exported.with_composite(name, baseline=baseline, statistics=statistics, **parameters)
