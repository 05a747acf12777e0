"""Stack the test patients' relevance of every composite, and the measured Shapley values."""

from mrelevance.analysis.cohort import stack
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

paths = [*snakemake.input.relevance, *snakemake.input.shapley]
tables = [read_table(path) for path in paths]
write_table(stack("relevance", tables), snakemake.output.relevance)
write_beside([snakemake.output.relevance], snakemake.config, paths)
