"""Compare what the sequences are worth to the margin and to each of its two logits."""

from mrelevance.analysis.cohort import stack
from mrelevance.analysis.targets import target_summary
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

params = snakemake.params
targets = stack("targets", [read_table(path) for path in snakemake.input.targets])
write_table(target_summary(targets, **params.summary, seed=params.seed), snakemake.output.targets)
write_beside([snakemake.output.targets], snakemake.config, snakemake.input)
