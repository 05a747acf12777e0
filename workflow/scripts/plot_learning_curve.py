"""Draw training loss and validation Dice over the epochs."""

from pathlib import Path

from mrelevance.figures.learning_curve import learning_curve
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = learning_curve(read_table(snakemake.input.history))
save(figure, Path(snakemake.output.png).with_suffix(""))
