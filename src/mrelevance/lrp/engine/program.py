"""Export a network with `torch.export`, and say what stands in the way where it cannot be."""

import warnings

import torch
from torch import Tensor, nn
from torch.nn.functional import softmax
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from mrelevance.runtime.errors import InputError

CAUSES = (
    RuntimeError, ValueError, TypeError, AssertionError, IndexError, KeyError, AttributeError,
    NotImplementedError, torch._dynamo.exc.TorchDynamoException,
)  # fmt: skip
"""What `torch.export` raises: errors of the network itself, and operations it cannot follow."""


def exported_program(network: nn.Module, image: Tensor) -> torch.export.ExportedProgram:
    """Export a network for images of the size of `image` (1, C, D, H, W) or (1, C, H, W).

    Raises
    ------
    InputError
        A part of the network is in training mode, the network does not take the image, or its
        computation cannot be exported.
    """
    _check_mode(network)
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # PyTorch copies its own objects in a way that it calls deprecated.
            warnings.filterwarnings("ignore", ".*LeafSpec.* is deprecated", FutureWarning)
            program = torch.export.export(network, (image,), strict=False)
            return program.run_decompositions(DECOMPOSITIONS)
    except CAUSES as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(
            f"the network cannot be exported for an image of shape {tuple(image.shape)} "
            f"({type(error).__name__}: {reason}); check that it takes this image, and that what it "
            "computes does not depend on the image's values"
        ) from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)


def _check_mode(network: nn.Module) -> None:
    if network.training:
        raise InputError("the network is in training mode; call network.eval() before explaining")
    for path, module in network.named_modules():
        follows_batch = isinstance(module, _NormBase) and module.track_running_stats
        random = isinstance(module, _DropoutNd | nn.RReLU) or "Drop" in type(module).__name__
        if module.training and (follows_batch or random):
            raise InputError(
                f"layer '{path}' ({type(module).__name__}) is in training mode although the "
                "network is not; call network.eval() before explaining"
            )


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, dropout: float = 0.0,
    causal: bool = False, *, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """`scaled_dot_product_attention`, written out; the arguments are the same.

    Raises
    ------
    InputError
        The attention drops values at random.
    """
    if dropout:
        raise InputError("scaled_dot_product_attention drops values at random; give dropout_p=0")
    if enable_gqa:
        repeats = query.shape[-3] // key.shape[-3]
        key, value = (side.repeat_interleave(repeats, -3) for side in (key, value))
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = (query * scale) @ key.transpose(-2, -1)
    if causal:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, float("-inf"))
    elif mask is not None:
        scores = scores + mask
    return softmax(scores, -1) @ value


def hidden_layer(bias: Tensor, x: Tensor, weight: Tensor, *, beta: float = 1, alpha: float = 1):
    """`addmm` and `baddbmm`, written out."""
    product = torch.matmul(x, weight)
    product = product if alpha == 1 else product * alpha
    return product + (bias if beta == 1 else bias * beta)


def fused_product(x: Tensor, first: Tensor, second: Tensor, *, value: float = 1) -> Tensor:
    """`addcmul`, written out."""
    return x + first * second * value


def fused_quotient(x: Tensor, first: Tensor, second: Tensor, *, value: float = 1) -> Tensor:
    """`addcdiv`, written out."""
    return x + first / second * value


def interpolated(start: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """`lerp`, written out."""
    return start + weight * (end - start)


def tiled(x: Tensor, counts: list[int]) -> Tensor:
    """`tile`, written out: missing counts are those of the first axes, and 1."""
    return x.repeat([1] * (x.ndim - len(counts)) + list(counts))


def side_by_side(tensors: list[Tensor]) -> Tensor:
    """`hstack`, written out, for tensors of two axes or more."""
    return torch.cat(tensors, 1)


aten = torch.ops.aten
SPELLINGS = {
    "absolute": "abs", "arctan": "atan", "clip": "clamp", "concat": "cat", "concatenate": "cat",
    "divide": "div", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le",
    "multiply": "mul", "negative": "neg", "not_equal": "ne", "special_erf": "erf",
    "special_exp2": "exp2", "special_expit": "sigmoid", "special_expm1": "expm1",
    "special_log1p": "log1p", "subtract": "sub", "true_divide": "div",
}  # fmt: skip
"""Second names of operations, which PyTorch keeps apart."""


def second_names() -> dict[torch._ops.OpOverload, torch._ops.OpOverload]:
    """Every overload of a second name, and the operation that it means."""
    return {
        getattr(getattr(aten, spelling), overload): getattr(getattr(aten, name), overload)
        for spelling, name in SPELLINGS.items()
        for overload in getattr(aten, spelling).overloads()
        if "out" not in overload
    }


DECOMPOSITIONS = {
    **second_names(),
    aten.tile.default: tiled,
    aten.hstack.default: side_by_side,
    aten.scaled_dot_product_attention.default: attention,
    aten.addmm.default: hidden_layer,
    aten.baddbmm.default: hidden_layer,
    aten.addcmul.default: fused_product,
    aten.addcdiv.default: fused_quotient,
    aten.lerp.Scalar: interpolated,
    aten.lerp.Tensor: interpolated,
}
"""Operations that are exported as several simpler ones."""
