"""Stack the test patients' relevance of every composite, and the measured Shapley values."""

from mrelevance.files import read_table, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.cohort import stack

log_to(snakemake.log[0])

paths = [*snakemake.input.relevance, *snakemake.input.shapley]
tables = [read_table(path) for path in paths]
write_table(stack("relevance", tables), snakemake.output.relevance)
write_beside([snakemake.output.relevance], snakemake.config, paths)
