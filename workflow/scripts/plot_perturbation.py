"""Draw how the margin falls when what each map names is replaced."""

from pathlib import Path

from mrelevance.figures.perturbation import perturbation
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = perturbation(read_table(snakemake.input.curves), read_table(snakemake.input.areas))
save(figure, Path(snakemake.output.png).with_suffix(""))
