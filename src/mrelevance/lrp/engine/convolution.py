"""A convolution as a linear map: itself, its transpose, and both with other weights."""

from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor
from torch.nn.functional import pad

from mrelevance.runtime.errors import InputError

CONVOLUTIONS = {
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
}  # fmt: skip
FAST_CHANNELS = 8
"""The CPU takes up to eight times longer for 2 to 7 input channels than for 8."""


@dataclass(frozen=True)
class Convolution:
    """Weights and geometry of a convolution, transposed or not.

    If `sparse`, `linear` computes only what the box of voxels that are not zero can reach.
    """

    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    transposed: bool
    sparse: bool = False

    def linear(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Convolve `x` (B, C, ...) without the bias; `weight` replaces the weights."""
        weight = self.weight if weight is None else weight
        missing = self._missing_channels()
        if missing:
            x, weight = with_more_channels(x, missing), with_more_channels(weight, missing)
        if self.sparse and not self.transposed:
            return self._convolve_box(x, weight)
        return self._convolve(x, weight, self.padding)

    def _convolve(self, x: Tensor, weight: Tensor, padding: tuple[int, ...]) -> Tensor:
        return torch.convolution(
            x, weight, None, self.stride, padding, self.dilation, self.transposed,
            self.output_padding, self.groups,
        )  # fmt: skip

    def _convolve_box(self, x: Tensor, weight: Tensor) -> Tensor:
        """Convolve `x` where it is not zero; all other outputs are zero."""
        axes = list(
            zip(x.shape[2:], self.stride, self.padding, self.dilation, weight.shape[2:],
                strict=True)
        )  # fmt: skip
        size = [
            (length + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
            for length, stride, padding, dilation, kernel in axes
        ]
        if fills_half(x):
            return self._convolve(x, weight, self.padding)
        box = support(x)
        if box is None:
            return x.new_zeros(len(x), len(weight), *size)
        reached = [
            slice(
                max(0, -((dilation * (kernel - 1) - side.start - padding) // stride)),
                min(extent, (side.stop - 1 + padding) // stride + 1),
            )
            for side, extent, (_, stride, padding, dilation, kernel) in zip(
                box, size, axes, strict=True
            )
        ]
        if 2 * prod(max(0, side.stop - side.start) for side in reached) > prod(size):
            return self._convolve(x, weight, self.padding)
        whole = x.new_zeros(len(x), len(weight), *size)
        if all(side.start < side.stop for side in reached):
            starts, extents = self._reached(tuple(reached))
            whole[:, :, *reached] = self._convolve(
                _cut(x, starts, extents), weight, (0,) * len(reached)
            )
        return whole

    def transpose(self, m: Tensor, size: torch.Size, weight: Tensor | None = None) -> Tensor:
        """Apply the transpose of `linear` to `m`; `size` is that of the input, without batch.

        If `m` is zero outside a small box, as for a lesion, only that box is computed.
        """
        weight = self.weight if weight is None else weight
        if self.transposed:
            return self._backward(m, size, weight, self.padding)
        box = support(m)
        if box is None:
            return m.new_zeros(len(m), *size)
        starts, extents = self._reached(box)
        if 2 * prod(extents) > prod(size[1:]):
            return self._backward(m, size, weight, self.padding)
        part = self._backward(m[:, :, *box], (size[0], *extents), weight, (0,) * len(box))
        whole = m.new_zeros(len(m), *size)
        inside = [
            (max(start, 0), min(start + extent, length))
            for start, extent, length in zip(starts, extents, size[1:], strict=True)
        ]
        to = (slice(first, stop) for first, stop in inside)
        of = (slice(a - start, b - start) for (a, b), start in zip(inside, starts, strict=True))
        whole[:, :, *to] = part[:, :, *of]
        return whole

    def _reached(self, box: tuple[slice, ...]) -> tuple[list[int], list[int]]:
        """First voxel, perhaps negative, and extent of the inputs that a box of outputs reads."""
        axes = list(
            zip(box, self.stride, self.padding, self.dilation, self.weight.shape[2:], strict=True)
        )
        starts = [side.start * stride - padding for side, stride, padding, _, _ in axes]
        extents = [
            (side.stop - side.start - 1) * stride + dilation * (kernel - 1) + 1
            for side, stride, _, dilation, kernel in axes
        ]
        return starts, extents

    def _backward(
        self, m: Tensor, size: tuple[int, ...], weight: Tensor, padding: tuple[int, ...]
    ) -> Tensor:
        missing = self._missing_channels()
        if missing:
            weight = with_more_channels(weight, missing)
        like_input = m.new_empty(1).expand(len(m), size[0] + missing, *size[1:])
        return torch.ops.aten.convolution_backward(
            m, like_input, weight, None, self.stride, padding, self.dilation,
            self.transposed, self.output_padding, self.groups, [True, False, False],
        )[0][:, : size[0]]  # fmt: skip

    def _missing_channels(self) -> int:
        """Channels of zeros to add for speed, see `FAST_CHANNELS`."""
        channels = self.weight.shape[1]
        applies = not self.transposed and self.groups == 1 and 2 <= channels < FAST_CHANNELS
        return FAST_CHANNELS - channels if applies else 0

    def scaled_weight(self, scale: Tensor) -> Tensor:
        """Weights times `scale`, which is one factor per output channel or one for all."""
        kernel = [1] * (self.weight.ndim - 2)
        if not self.transposed:
            return self.weight * scale.view(-1, 1, *kernel)
        scale = scale.expand(self.groups * self.weight.shape[1])
        per_group = self.weight.unflatten(0, (self.groups, -1))
        return (per_group * scale.view(self.groups, 1, -1, *kernel)).flatten(0, 1)

    def with_target(self, classes: list[int]) -> "Convolution":
        """Keep one output channel, or the difference `positive - negative` of two."""

        def chosen(values: Tensor, axis: int) -> Tensor:
            kept = [values.narrow(axis, index, 1) for index in classes]
            return kept[0] if len(kept) == 1 else kept[0] - kept[1]

        bias = None if self.bias is None else chosen(self.bias, 0)
        return replace(self, weight=chosen(self.weight, 1 if self.transposed else 0), bias=bias)


def convolution_from_arguments(kind: str, arguments: tuple) -> Convolution:
    """Convolution of that kind from the arguments of the ATen operation, without its input.

    Raises
    ------
    InputError
        The convolution pads more on one side than on the other.
    """
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
                "a convolution pads more on one side than on the other (padding='same' with an "
                "even kernel); use an odd kernel or a padding layer"
            )
        padding = [width // 2 for width in total]
    return Convolution(
        weight, bias, each(stride), each(padding), each(output_padding), each(dilation), groups,
        transposed,
    )  # fmt: skip


def convolve(x: Tensor, convolution: Convolution) -> Tensor:
    """Convolve `x` (B, C, ...) and add the bias."""
    result = convolution.linear(x)
    if convolution.bias is None:
        return result
    return result + convolution.bias.view(-1, *[1] * (result.ndim - 2))


def support(m: Tensor) -> tuple[slice, ...] | None:
    """Smallest box of voxels outside which `m` (B, C, ...) is zero; None if all of it is zero."""
    voxels = (m != 0).any(dim=1).any(dim=0)
    ends = []
    for axis, length in enumerate(voxels.shape):
        others = [other for other in range(voxels.ndim) if other != axis]
        index = torch.arange(length, device=m.device)
        occupied = voxels.any(dim=others)
        ends += [torch.where(occupied, index, length).min(), torch.where(occupied, index, -1).max()]
    first_and_last = torch.stack(ends).tolist()  # one transfer from the GPU
    if first_and_last[1] < 0:
        return None
    return tuple(
        slice(first, last + 1)
        for first, last in zip(first_and_last[::2], first_and_last[1::2], strict=True)
    )


def fills_half(m: Tensor) -> bool:
    """Whether a sample of `m` (B, C, ...) shows already that its support fills half of the space.

    Every fourth voxel of the first channel is looked at, as searching all of them takes long.
    """
    box = support(m[:, :1, *[slice(None, None, 4)] * (m.ndim - 2)])
    if box is None:
        return False
    return 2 * prod(4 * (side.stop - side.start) - 3 for side in box) > prod(m.shape[2:])


def _cut(x: Tensor, starts: list[int], extents: list[int]) -> Tensor:
    """Box of `x` (B, C, ...) that may begin before it and end after it, filled with zeros."""
    inside, amounts = [], []
    for start, extent, length in zip(starts, extents, x.shape[2:], strict=True):
        first, stop = max(start, 0), min(start + extent, length)
        inside.append(slice(first, stop))
        amounts = [first - start, start + extent - stop, *amounts]
    return pad(x[:, :, *inside], amounts)


def with_more_channels(values: Tensor, count: int) -> Tensor:
    """Append `count` channels of zeros to (B, C, ...)."""
    return pad(values, [0, 0] * (values.ndim - 2) + [0, count])
