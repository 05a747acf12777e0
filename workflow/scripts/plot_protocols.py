"""Draw every shorter protocol beside the full one."""

from pathlib import Path

from mrelevance.figures.selection import protocols
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

table = read_table(snakemake.input.selection)
figure = protocols(table, snakemake.params.sequences)
save(figure, Path(snakemake.output.png).with_suffix(""))
