"""Summarise over the patients how well every composite agrees with the measurement."""

from mrelevance.evaluation.agreement import agreement_summary
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

summary = agreement_summary(
    read_table(snakemake.input.agreement),
    **snakemake.params.summary,
    seed=snakemake.params.seed,
)
write_table(summary, snakemake.output.agreement)
write_beside([snakemake.output.agreement], snakemake.config, snakemake.input)
