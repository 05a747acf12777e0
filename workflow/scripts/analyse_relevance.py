"""Test whether the sequences' relevance differs over the patients."""

from mrelevance.files import read_table, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.statistics import friedman, intervals, pairwise

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
