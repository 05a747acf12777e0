"""Draw relevance against what leaving a sequence out costs."""

from pathlib import Path

from mrelevance.figures.dropping import droppability
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs = snakemake.input
figure = droppability(
    read_table(inputs.values), read_table(inputs.agreement), snakemake.params.sequences
)
save(figure, Path(snakemake.output.png).with_suffix(""))
