"""Convolutions as linear maps: faster ways to compute them give the same values."""

import pytest
import torch

from mrelevance.lrp.engine.convolution import Convolution, support

GEOMETRIES = {
    "plain": {"stride": 1, "padding": 1, "dilation": 1, "groups": 1, "kernel": 3},
    "strided": {"stride": 2, "padding": 1, "dilation": 1, "groups": 1, "kernel": 3},
    "dilated": {"stride": 1, "padding": 2, "dilation": 2, "groups": 1, "kernel": 3},
    "grouped": {"stride": 1, "padding": 0, "dilation": 1, "groups": 2, "kernel": 3},
    "even kernel": {"stride": 2, "padding": 0, "dilation": 1, "groups": 1, "kernel": 2},
    "wide": {"stride": 3, "padding": 3, "dilation": 2, "groups": 1, "kernel": 5},
}
SIZE = (24, 21, 18)
BOXES = {
    "corner": (slice(0, 1), slice(0, 2), slice(0, 1)),
    "centre": (slice(2, 4), slice(3, 4), slice(2, 3)),
    "last voxel": (slice(-1, None), slice(-1, None), slice(-1, None)),
}


def convolution_of(geometry: dict, channels: int) -> Convolution:
    geometry = dict(geometry)
    kernel, groups = geometry.pop("kernel"), geometry.pop("groups")
    weight = torch.randn(4, channels // groups, kernel, kernel, kernel, dtype=torch.float64)
    each = {key: (value,) * 3 for key, value in geometry.items()}
    return Convolution(
        weight, None, **each, output_padding=(0,) * 3, groups=groups, transposed=False
    )


def plain_output(convolution: Convolution, x: torch.Tensor) -> torch.Tensor:
    return torch.conv3d(
        x, convolution.weight, None, convolution.stride, convolution.padding,
        convolution.dilation, convolution.groups,
    )  # fmt: skip


@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
@pytest.mark.parametrize("channels", [2, 6, 8])
def test_transpose_of_a_small_support_is_the_gradient_of_the_plain_convolution(
    geometry, box, channels
):
    torch.manual_seed(0)
    convolution = convolution_of(geometry, channels)
    x = torch.randn(2, channels, *SIZE, dtype=torch.float64, requires_grad=True)
    output = plain_output(convolution, x)
    m = torch.zeros_like(output)
    m[:, :, *box] = torch.randn_like(m[:, :, *box])
    (expected,) = torch.autograd.grad(output, x, m)
    assert expected.any()
    transposed = convolution.transpose(m, x.shape[1:])
    torch.testing.assert_close(transposed, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 2, 6, 7, 8, 9])
def test_channels_added_for_speed_change_nothing(channels):
    torch.manual_seed(0)
    convolution = convolution_of(GEOMETRIES["plain"], channels)
    x = torch.randn(1, channels, *SIZE, dtype=torch.float64)
    torch.testing.assert_close(
        convolution.linear(x), plain_output(convolution, x), rtol=0, atol=1e-12
    )


def test_transpose_of_nothing_is_nothing():
    convolution = convolution_of(GEOMETRIES["plain"], 2)
    m = torch.zeros(1, 4, *SIZE, dtype=torch.float64)
    transposed = convolution.transpose(m, torch.Size((2, *SIZE)))
    assert transposed.shape == (1, 2, *SIZE) and not transposed.any()


def test_support_is_the_smallest_box():
    m = torch.zeros(2, 3, 5, 6, 7)
    assert support(m) is None
    m[0, 2, 1, 2, 3] = -1.0
    m[1, 0, 3, 2, 6] = 1e-30
    assert support(m) == (slice(1, 4), slice(2, 3), slice(3, 7))
