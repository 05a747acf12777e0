"""Draw which lesions were found, by size and type."""

from pathlib import Path

from mrelevance.figures.lesion_detection import lesion_detection
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = lesion_detection(read_table(snakemake.input.lesions), read_table(snakemake.input.scores))
save(figure, Path(snakemake.output.png).with_suffix(""))
