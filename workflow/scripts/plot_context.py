"""Draw how far from a lesion its relevance lies."""

from pathlib import Path

from mrelevance.figures.context import context
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = context(
    read_table(snakemake.input.context),
    read_table(snakemake.input.zones),
    snakemake.params.seed,
)
save(figure, Path(snakemake.output.png).with_suffix(""))
