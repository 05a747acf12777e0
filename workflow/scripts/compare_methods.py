"""Set the shares by every method beside the measured ones, patient by patient."""

from mrelevance.evaluation.agreement import agreement
from mrelevance.runtime.files import read_tables, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs = snakemake.input
tables = [*inputs.relevance, *inputs.occlusion, *inputs.peers, *inputs.shapley]
table = agreement(read_tables(tables))
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.agreement)
