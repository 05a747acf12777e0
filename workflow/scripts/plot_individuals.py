"""Draw whose shares are unlike the other patients', and what is different about them."""

from pathlib import Path

from mrelevance.figures.individuals import individuals
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = individuals(
    read_table(snakemake.input.distances),
    read_table(snakemake.input.differences),
    snakemake.params.sequences,
    snakemake.params.composite,
)
save(figure, Path(snakemake.output.png).with_suffix(""))
