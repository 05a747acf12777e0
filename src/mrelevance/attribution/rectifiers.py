"""Networks in which captum recognises every rectifier."""

import copy
from collections.abc import Iterable

from torch import Tensor, nn

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.operations import ACTIVATIONS
from mrelevance.runtime.errors import InputError

RECTIFIERS = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU)


def with_plain_rectifiers(network: nn.Module, operations: Iterable[Operation]) -> nn.Module:
    """Copy of a network whose rectifiers all pass for `nn.ReLU`; it computes the same.

    Captum changes the gradient of `nn.ReLU` alone and silently keeps that of all other
    activations. `operations` are those of the exported network.

    Raises
    ------
    InputError
        An activation is no rectifier, or no module, and would keep its gradient.
    """
    for operation in operations:
        if operation.kind not in ACTIVATIONS:
            continue
        if not isinstance(network.get_submodule(operation.path), RECTIFIERS):
            raise InputError(
                f"guided_backprop and deconvolution: {operation} is no rectifier that is a module "
                f"of its own ({', '.join(kind.__name__ for kind in RECTIFIERS)}); leave both out "
                "of evaluation.maps for this network"
            )
    return _wrapped(copy.deepcopy(network))


def _wrapped(network: nn.Module) -> nn.Module:
    for name, module in network.named_children():
        if isinstance(module, RECTIFIERS):
            if getattr(module, "inplace", False):
                module.inplace = False  # captum's hooks need the input as it was
            if not isinstance(module, nn.ReLU):
                setattr(network, name, _WrappedRectifier(module))
        else:
            _wrapped(module)
    return network


class _WrappedRectifier(nn.ReLU):
    """A rectifier that captum takes for a ReLU."""

    def __init__(self, rectifier: nn.Module):
        super().__init__()
        self.rectifier = rectifier

    def forward(self, values: Tensor) -> Tensor:
        """Apply the rectifier."""
        return self.rectifier(values)
