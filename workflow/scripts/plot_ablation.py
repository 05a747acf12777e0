"""Draw how the network does without a sequence, and with one alone."""

from pathlib import Path

from mrelevance.figures.ablation import ablation
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = ablation(read_table(snakemake.input.ablation), snakemake.params.sequences)
save(figure, Path(snakemake.output.png).with_suffix(""))
