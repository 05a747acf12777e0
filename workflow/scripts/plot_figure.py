"""Plot one figure of the catalogue."""

from pathlib import Path

from mrelevance.figures.plotting import plot
from mrelevance.figures.style import save
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

params = snakemake.params
figure = plot(params.figure, dict(snakemake.input.items()), params.settings, params.region)
save(figure, Path(snakemake.output.png).with_suffix(""))
