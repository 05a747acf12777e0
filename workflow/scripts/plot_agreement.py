"""Draw every composite's shares beside the measured Shapley values."""

from pathlib import Path

from mrelevance.figures.agreement import agreement
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = agreement(
    read_table(snakemake.input.relevance),
    read_table(snakemake.input.agreement),
    snakemake.params.sequences,
)
save(figure, Path(snakemake.output.png).with_suffix(""))
