"""In what precision the network computes."""

import functools
import time

import torch

from mrelevance.runtime.errors import InputError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

TOLERATED_SLOWNESS = 5
"""How many times as long bfloat16 may take as float32. CPUs made for it take at most as
long, others 20 to 100 times."""


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Where the network computes in the configured precision; float32 means as it is.

    So does a CPU that steps in for a GPU of too little memory, if bfloat16 is slow on it.
    """
    lower = precision != "float32"
    if lower and device.type == "cpu" and torch.cuda.is_available():
        lower = slowness_of_bfloat16() <= TOLERATED_SLOWNESS
    return torch.autocast(device.type, PRECISIONS[precision], enabled=lower)


def lay_out(network: torch.nn.Module, precision: str) -> torch.nn.Module:
    """Order the weights in memory as the precision computes fastest; changes the network.

    bfloat16 is a fifth faster with the channels last, float32 is not.
    """
    if precision == "float32":
        return network
    return network.to(memory_format=torch.channels_last_3d)


def check_precision(configured: dict[str, str]) -> None:
    """Check that bfloat16 is worth its name here, by trying it; configured precisions by their key.

    Without a GPU it takes instructions (AVX-512) that many processors lack. What replaces them is
    so slow that a study of minutes would take days.

    Raises
    ------
    InputError
        bfloat16 is configured, and takes several times as long as float32.
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
    """Time of a convolution on the CPU in bfloat16, in units of its time in float32."""
    return _seconds(torch.bfloat16) / _seconds(torch.float32)


def _seconds(kind: torch.dtype) -> float:
    """The least of three, as other work slows single ones."""
    convolution = torch.nn.Conv3d(16, 16, kernel_size=3, padding=1, dtype=kind)
    image = torch.zeros(1, 16, 32, 32, 32, dtype=kind)
    with torch.no_grad():
        return min(_timed(convolution, image) for _ in range(3))


def _timed(convolution: torch.nn.Module, image: torch.Tensor) -> float:
    start = time.perf_counter()
    convolution(image)
    return time.perf_counter() - start
