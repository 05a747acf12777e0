"""The machine that computes: hardware, operating system, installed packages, container."""

import os
import platform
import re
from importlib.metadata import distributions
from pathlib import Path

import psutil
import torch

from mrelevance import __version__
from mrelevance.runtime.files import sha256
from mrelevance.runtime.versions import running_image

PROCESSORS = Path("/proc/cpuinfo")


def hardware() -> dict:
    """Processor, number of cores available to this process, memory in GB, names of the GPUs."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "gpus": [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())],
    }


def versions() -> dict:
    """Versions of the operating system, Python and every installed package.

    Packages have their normalised names, as on PyPI. mrelevance is included even where it is not
    installed, as in the container.
    """
    packages = {
        re.sub(r"[-_.]+", "-", package.name).lower(): package.version for package in distributions()
    } | {"mrelevance": __version__}
    return {
        "system": _system(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": dict(sorted(packages.items())),
    }


def container() -> dict | None:
    """Name and SHA-256 of the Apptainer image that this process runs in; None outside a container.

    The name contains the hash of the files that the image was built from. The checksum is None if
    the image file is not visible inside the container.
    """
    image = running_image()
    if image is None:
        return None
    return {"image": image.name, "sha256": sha256(image) if image.is_file() else None}


def _processor() -> str:
    if PROCESSORS.is_file():
        named = re.search(r"^model name\s*:\s*(.+)$", PROCESSORS.read_text(), re.MULTILINE)
        if named:
            return named[1].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
