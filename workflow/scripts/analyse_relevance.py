"""Test whether the sequences' relevance differs over the patients."""

from mrelevance.analysis.relevance_tests import friedman, intervals, pairwise
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

relevance = read_table(snakemake.input.relevance)
output = snakemake.output
write_table(
    intervals(relevance, **snakemake.params.summary, seed=snakemake.params.seed), output.intervals
)
write_table(friedman(relevance), output.friedman)
write_table(pairwise(relevance), output.pairwise)
write_beside(
    [output.intervals, output.friedman, output.pairwise], snakemake.config, snakemake.input
)
