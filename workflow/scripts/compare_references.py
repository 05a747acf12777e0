"""Compare what is measured with every reference."""

from mrelevance.files import read_tables, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.references import reference_agreement, shares_by_reference

logger = log_to(snakemake.log[0])

inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
patients = len(inputs.configured)
measured = {params.configured: read_tables(inputs.configured)}
for place, reference in enumerate(params.others):
    measured[reference] = read_tables(inputs.others[place * patients : (place + 1) * patients])
agreement = reference_agreement(measured, params.configured, **params.summary, seed=params.seed)
logger.info("\n%s", agreement.to_string(index=False))
write_table(shares_by_reference(measured), outputs.shares)
write_table(agreement, outputs.agreement)
write_beside([outputs.shares, outputs.agreement], snakemake.config, snakemake.input)
