"""Draw what motion correction changes in detection and relevance."""

from pathlib import Path

from mrelevance.figures.motion_effect import motion_effect
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = motion_effect(read_table(snakemake.input.effect), snakemake.params.sequences)
save(figure, Path(snakemake.output.png).with_suffix(""))
