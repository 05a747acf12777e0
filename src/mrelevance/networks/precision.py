"""Numerical precision of the network: float32 or bfloat16."""

import functools
import time

import torch

from mrelevance.runtime.errors import InputError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

TOLERATED_SLOWNESS = 5
"""Most time that bfloat16 may take, relative to float32. CPUs with instructions for it take at most
as long, others 20 to 100 times."""


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context in which the network computes in the configured precision.

    A CPU that replaces a GPU with too little memory computes in float32 if it is slow in bfloat16.
    """
    lower = precision != "float32"
    if lower and device.type == "cpu" and torch.cuda.is_available():
        lower = slowness_of_bfloat16() <= TOLERATED_SLOWNESS
    return torch.autocast(device.type, PRECISIONS[precision], enabled=lower)


def lay_out(network: torch.nn.Module, precision: str) -> torch.nn.Module:
    """Lay the weights out in memory as is fastest for the precision; changes the network.

    With the channels last, bfloat16 is a fifth faster and float32 is not.
    """
    if precision == "float32":
        return network
    return network.to(memory_format=torch.channels_last_3d)


def check_precision(configured: dict[str, str]) -> None:
    """Check by a trial that bfloat16 is not slow here.

    `configured` maps keys of the configuration to precisions. Without a GPU, bfloat16 needs
    instructions (AVX-512) that many processors lack. Their emulation is so slow that a study of
    minutes would take days.

    Raises
    ------
    InputError
        bfloat16 is configured and takes several times as long as float32.
    """
    keys = [key for key, precision in configured.items() if precision == "bfloat16"]
    if not keys or torch.cuda.is_available():
        return
    slowness = slowness_of_bfloat16()
    if slowness > TOLERATED_SLOWNESS:
        raise InputError(
            f"configuration: {' and '.join(keys)}: bfloat16 takes {slowness:.0f} times as long as "
            "float32 on this processor, and there is no GPU; set float32"
        )


@functools.cache
def slowness_of_bfloat16() -> float:
    """Measure the time of a convolution on the CPU in bfloat16, relative to float32."""
    return _seconds(torch.bfloat16) / _seconds(torch.float32)


def _seconds(kind: torch.dtype) -> float:
    """Time a convolution; the least of three, because other processes slow single ones."""
    convolution = torch.nn.Conv3d(16, 16, kernel_size=3, padding=1, dtype=kind)
    image = torch.zeros(1, 16, 32, 32, 32, dtype=kind)
    with torch.no_grad():
        return min(_timed(convolution, image) for _ in range(3))


def _timed(convolution: torch.nn.Module, image: torch.Tensor) -> float:
    start = time.perf_counter()
    convolution(image)
    return time.perf_counter() - start
