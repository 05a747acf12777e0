"""Stack the patients' tables of motion correction."""

from mrelevance.files import read_table, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.cohort import stack

log_to(snakemake.log[0])

tables = [read_table(path) for path in snakemake.input.quality]
write_table(stack("motion", tables), snakemake.output.motion)
write_beside([snakemake.output.motion], snakemake.config, snakemake.input)
