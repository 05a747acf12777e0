"""Draw evidence for and against the tumour apart."""

from pathlib import Path

from mrelevance.figures.evidence import evidence
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

figure = evidence(read_table(snakemake.input.evidence), snakemake.params.sequences)
save(figure, Path(snakemake.output.png).with_suffix(""))
