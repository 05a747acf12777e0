"""Choose the subsets of the sequences that networks are trained on."""

from mrelevance.protocol.subsets import choose_subsets
from mrelevance.runtime.files import read_tables, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

params, shapley = snakemake.params, snakemake.input.shapley
subsets = choose_subsets(
    params.subsets, params.sequences, read_tables(shapley) if shapley else None
)
logger.info("\n%s", subsets.to_string(index=False))
write_table(subsets, snakemake.output.subsets)
