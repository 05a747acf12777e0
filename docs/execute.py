"""Execute a tutorial: python docs/execute.py NOTEBOOK EXECUTED

The notebook runs in its own folder, as in Jupyter, and is stored with its outputs in EXECUTED.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError

from mrelevance.reporting.notebook import execute
from mrelevance.runtime.files import written_whole


def main() -> None:
    """Execute one notebook."""
    source, target = map(Path, sys.argv[1:])
    # torch.export warns of what will change within torch.
    os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning"
    notebook = nbformat.read(source, as_version=4)
    try:
        execute(notebook, source.parent)
    except CellExecutionError as error:
        sys.exit(f"Error: {source} fails: {error}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as beside:
        nbformat.write(notebook, beside)


if __name__ == "__main__":
    main()
