"""What tests need of the machine, and how they say that it is not there."""

import os
import warnings
from pathlib import Path

import pytest

# Programs that set up Slurm and Apptainer on a bare machine.
TOOLS = Path(os.environ.get("MRELEVANCE_TOOLS", Path(__file__).parents[3] / "shared/tools"))
# Images of people, which the project does not hold.
DATA = Path(os.environ.get("MRELEVANCE_DATA", Path(__file__).parents[3] / "shared/data"))
# Variables of a process that keep its libraries from AVX-512, as on many processors, and from GPUs.
OLDER_PROCESSOR = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "CUDA_VISIBLE_DEVICES": "",
}


def not_tested(what: str) -> None:
    """Skip, and say so among the warnings, which nobody overlooks."""
    warnings.warn(what, stacklevel=2)
    pytest.skip(what)
