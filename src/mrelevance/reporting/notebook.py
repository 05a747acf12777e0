"""Execution of notebooks."""

from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode


def execute(notebook: NotebookNode, folder: Path | None = None) -> None:
    """Execute a notebook with this Python, in a folder; its cells get their outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell fails; the message holds the cell and the error.
    """
    # Without folders to search there is one kernel: this Python, whatever kernels the user has.
    manager = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook,
        km=manager,
        kernel_name=manager.kernel_name,
        resources={"metadata": {"path": str(folder)}} if folder else {},
        timeout=None,
        # The times of the cells would make every execution another file.
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute(cleanup_kc=True)
