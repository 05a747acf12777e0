"""Draw what is measured with every reference."""

from pathlib import Path

from mrelevance.figures.references import references
from mrelevance.figures.style import save
from mrelevance.files import read_table
from mrelevance.logs import log_to

log_to(snakemake.log[0])

inputs = snakemake.input
figure = references(
    read_table(inputs.shares), read_table(inputs.agreement), snakemake.params.sequences
)
save(figure, Path(snakemake.output.png).with_suffix(""))
