"""Draw the relevance of every sequence by lesion type."""

from pathlib import Path

from mrelevance.attribution.shares import MEASURED
from mrelevance.figures.relevance_by_type import relevance_by_type
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = relevance_by_type(
    read_table(snakemake.input.relevance),
    read_table(snakemake.input.lesions),
    snakemake.params.sequences,
    [snakemake.params.composite, MEASURED],
    snakemake.params.seed,
)
save(figure, Path(snakemake.output.png).with_suffix(""))
