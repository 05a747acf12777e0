"""Draw how far the sequences lay from the reference, before and after motion correction."""

from pathlib import Path

from mrelevance.figures.motion_correction import motion_correction
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = motion_correction(
    read_table(snakemake.input.motion), snakemake.params.sequences, snakemake.params.reference
)
save(figure, Path(snakemake.output.png).with_suffix(""))
