"""Draw the relevance of every sequence by lesion type."""

from pathlib import Path

from mrelevance.figures.relevance_by_type import relevance_by_type
from mrelevance.figures.style import save
from mrelevance.files import read_table
from mrelevance.logs import log_to
from mrelevance.summary.shares import MEASURED

log_to(snakemake.log[0])

figure = relevance_by_type(
    read_table(snakemake.input.relevance),
    read_table(snakemake.input.lesions),
    snakemake.params.sequences,
    [snakemake.params.composite, MEASURED],
    snakemake.params.seed,
)
save(figure, Path(snakemake.output.png).with_suffix(""))
