"""Draw the relevance of every sequence over size and contrast of the lesions."""

from pathlib import Path

from mrelevance.attribution.shares import MEASURED
from mrelevance.figures.relevance_by_feature import relevance_by_feature
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = relevance_by_feature(
    read_table(snakemake.input.relevance),
    read_table(snakemake.input.features),
    read_table(snakemake.input.correlation),
    snakemake.params.sequences,
    [snakemake.params.composite, MEASURED],
)
save(figure, Path(snakemake.output.png).with_suffix(""))
