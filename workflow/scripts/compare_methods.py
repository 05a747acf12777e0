"""Set the shares by every method beside the measured ones, patient by patient."""

from mrelevance.files import read_tables, write_table
from mrelevance.logs import log_to
from mrelevance.summary.agreement import agreement

logger = log_to(snakemake.log[0])

inputs = snakemake.input
tables = [*inputs.relevance, *inputs.occlusion, *inputs.peers, *inputs.shapley]
table = agreement(read_tables(tables))
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.agreement)
