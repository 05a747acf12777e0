"""Set the shares of every composite beside the measured ones, patient by patient."""

from mrelevance.files import read_tables, write_table
from mrelevance.logs import log_to
from mrelevance.summary.agreement import agreement

logger = log_to(snakemake.log[0])

table = agreement(read_tables([*snakemake.input.relevance, *snakemake.input.shapley]))
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.agreement)
