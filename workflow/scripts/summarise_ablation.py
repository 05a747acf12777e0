"""Collect how every test patient is segmented from fewer sequences."""

from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_tables, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

write_table(read_tables(snakemake.input.ablation), snakemake.output.ablation)
write_beside([snakemake.output.ablation], snakemake.config, snakemake.input)
