"""Execute a notebook on the tables of the study."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from mrelevance.reporting.notebook import execute
from mrelevance.runtime.files import written_whole
from mrelevance.runtime.logs import log_to


def with_values(notebook: nbformat.NotebookNode, values: dict) -> nbformat.NotebookNode:
    """The notebook with assignments below the cell tagged `parameters`, as papermill has it."""
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    place = 1 + [("parameters" in names) for names in tags].index(True)
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    cell = new_code_cell(
        "\n".join(lines), id="set-by-the-workflow", metadata={"tags": ["injected-parameters"]}
    )
    notebook.cells.insert(place, cell)
    return notebook


log_to(snakemake.log[0])

project = Path(snakemake.scriptdir).resolve().parents[1]
source = project / "notebooks" / f"{snakemake.params.notebook}.ipynb"
values = {
    "folder": str(Path(snakemake.input.relevance).parent),
    "figure_path": str(snakemake.output.figure),
}
notebook = with_values(nbformat.read(source, as_version=4), values)
execute(notebook)
with written_whole(snakemake.output.notebook) as beside:
    nbformat.write(notebook, beside)
