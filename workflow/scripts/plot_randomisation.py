"""Draw how the maps change while the network's weights are redrawn."""

from pathlib import Path

from mrelevance.figures.randomisation import randomisation
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = randomisation(read_table(snakemake.input.similarities))
save(figure, Path(snakemake.output.png).with_suffix(""))
