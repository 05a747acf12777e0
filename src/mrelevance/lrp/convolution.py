"""A convolution as a linear map: forwards, transposed, and with other weights."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mrelevance.errors import InputError

CONVOLUTIONS = {"conv2d", "conv3d", "conv_transpose2d", "conv_transpose3d"}


@dataclass(frozen=True)
class Convolution:
    """Weights and geometry of a convolution, transposed or not."""

    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    transposed: bool

    def linear(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Convolve `x` (B, C, ...) without bias, with other weights if given."""
        weight = self.weight if weight is None else weight
        return torch.convolution(
            x, weight, None, self.stride, self.padding, self.dilation, self.transposed,
            self.output_padding, self.groups,
        )  # fmt: skip

    def adjoint(self, m: Tensor, size: torch.Size, weight: Tensor | None = None) -> Tensor:
        """Apply the transpose of `linear` to `m`; `size` is that of the input without batch."""
        weight = self.weight if weight is None else weight
        like_input = m.new_empty(1).expand(m.shape[0], *size)
        return torch.ops.aten.convolution_backward(
            m, like_input, weight, None, self.stride, self.padding, self.dilation,
            self.transposed, self.output_padding, self.groups, [True, False, False],
        )[0]  # fmt: skip

    def scaled_weight(self, scale: Tensor) -> Tensor:
        """Weights times `scale`, one factor per output channel or one for all."""
        kernel = [1] * (self.weight.ndim - 2)
        if not self.transposed:
            return self.weight * scale.view(-1, 1, *kernel)
        scale = scale.expand(self.groups * self.weight.shape[1])
        per_group = self.weight.unflatten(0, (self.groups, -1))
        return (per_group * scale.view(self.groups, 1, -1, *kernel)).flatten(0, 1)

    def with_target(self, target: int | tuple[int, int]) -> "Convolution":
        """Keep one output channel, or the difference `positive - negative` of two."""

        def chosen(values: Tensor, axis: int) -> Tensor:
            if isinstance(target, int):
                return values.narrow(axis, target, 1)
            positive, negative = target
            return values.narrow(axis, positive, 1) - values.narrow(axis, negative, 1)

        bias = None if self.bias is None else chosen(self.bias, 0)
        return replace(self, weight=chosen(self.weight, 1 if self.transposed else 0), bias=bias)


def convolution_from_arguments(kind: str, arguments: tuple) -> Convolution:
    """Read the arguments of an ATen convolution, its input left out."""
    transposed = kind.startswith("conv_transpose")
    weight, bias, *geometry = arguments if len(arguments) > 1 else (*arguments, None)
    if transposed:
        defaults = (1, 0, 0, 1, 1)
        stride, padding, output_padding, groups, dilation = (*geometry, *defaults[len(geometry) :])
    else:
        defaults = (1, 0, 1, 1)
        stride, padding, dilation, groups = (*geometry, *defaults[len(geometry) :])
        output_padding = 0

    def each(value: int | list[int]) -> tuple[int, ...]:
        dimensions = weight.ndim - 2
        values = (value,) if isinstance(value, int) else tuple(value)
        return values * dimensions if len(values) == 1 else values

    if padding == "valid":
        padding = 0
    elif padding == "same":
        extents = zip(each(dilation), weight.shape[2:], strict=True)
        total = [d * (k - 1) for d, k in extents]
        if any(width % 2 for width in total):
            raise InputError(
                "a convolution pads unevenly (padding='same' with an even kernel); "
                "use an odd kernel or an explicit padding layer"
            )
        padding = [width // 2 for width in total]
    return Convolution(
        weight, bias, each(stride), each(padding), each(output_padding), each(dilation), groups,
        transposed,
    )  # fmt: skip


def convolve(x: Tensor, convolution: Convolution) -> Tensor:
    """Convolve `x` (B, C, ...), bias included."""
    result = convolution.linear(x)
    if convolution.bias is None:
        return result
    return result + convolution.bias.view(-1, *[1] * (result.ndim - 2))
