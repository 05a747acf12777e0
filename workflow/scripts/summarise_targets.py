"""Compare what the sequences are worth to the margin and to each of its two logits."""

from mrelevance.files import read_table, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.cohort import stack
from mrelevance.summary.targets import target_summary

log_to(snakemake.log[0])

params = snakemake.params
targets = stack("targets", [read_table(path) for path in snakemake.input.targets])
write_table(target_summary(targets, **params.summary, seed=params.seed), snakemake.output.targets)
write_beside([snakemake.output.targets], snakemake.config, snakemake.input)
