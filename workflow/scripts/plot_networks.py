"""Draw other networks beside the study's."""

from pathlib import Path

from mrelevance.figures.networks import networks
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs = snakemake.input
tables = [read_table(inputs[name]) for name in ("values", "agreement", "verdict")]
figure = networks(*tables, snakemake.params.sequences)
save(figure, Path(snakemake.output.png).with_suffix(""))
