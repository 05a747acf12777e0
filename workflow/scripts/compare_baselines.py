"""Compare what is measured with every baseline."""

from mrelevance.evaluation.baselines import baseline_agreement, shares_by_baseline
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_tables, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
patients = len(inputs.configured)
measured = {params.configured: read_tables(inputs.configured)}
for place, baseline in enumerate(params.others):
    measured[baseline] = read_tables(inputs.others[place * patients : (place + 1) * patients])
agreement = baseline_agreement(measured, params.configured, **params.summary, seed=params.seed)
logger.info("\n%s", agreement.to_string(index=False))
write_table(shares_by_baseline(measured), outputs.shares)
write_table(agreement, outputs.agreement)
write_beside([outputs.shares, outputs.agreement], snakemake.config, snakemake.input)
