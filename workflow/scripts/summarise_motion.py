"""Stack the patients' tables of motion correction."""

from mrelevance.analysis.cohort import stack
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

tables = [read_table(path) for path in snakemake.input.quality]
write_table(stack("motion", tables), snakemake.output.motion)
write_beside([snakemake.output.motion], snakemake.config, snakemake.input)
