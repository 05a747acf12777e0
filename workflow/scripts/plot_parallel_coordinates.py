"""Draw Figure 1: the relevance of every sequence, one line per test patient."""

from pathlib import Path

from mrelevance.figures.parallel_coordinates import parallel_coordinates
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = parallel_coordinates(
    read_table(snakemake.input.relevance),
    snakemake.params.sequences,
    read_table(snakemake.input.friedman),
    read_table(snakemake.input.agreement),
)
save(figure, Path(snakemake.output.png).with_suffix(""))
