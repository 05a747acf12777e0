"""TorchScript: recognised, and refused with the way out.

A TorchScript file is a program: opening it runs what its modules do when they are restored, and its
operations include reading and writing files.
"""

import zipfile
from pathlib import Path

from mrelevance.networks.imported.program_archive import EXPORT
from mrelevance.runtime.errors import InputError


def is_torchscript(path: Path) -> bool:
    """Whether a file is a TorchScript archive: a zip archive with a folder `code`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def refuse_torchscript(path: Path) -> None:
    """Say how the network in a TorchScript file can be given instead.

    Raises
    ------
    InputError
        Always.
    """
    raise InputError(
        f"{path} is TorchScript, which is code and is not run; where the network's own code is, "
        f"export it with {EXPORT}, or save its weights with torch.save(network.state_dict(), "
        "'weights.pt')"
    )
