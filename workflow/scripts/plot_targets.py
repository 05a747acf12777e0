"""Draw what the sequences are worth to the margin and to each of its logits."""

from pathlib import Path

from mrelevance.figures.style import save
from mrelevance.figures.targets import targets
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = targets(read_table(snakemake.input.targets), snakemake.params.sequences)
save(figure, Path(snakemake.output.png).with_suffix(""))
