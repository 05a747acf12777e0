"""Judge every method by a sequence about which the truth is known."""

from mrelevance.files import read_table, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.cohort import stack
from mrelevance.summary.known_truth import known_truth

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
paths = [*inputs.relevance, *inputs.occlusion, *inputs.peers, *inputs.shapley]
relevance = stack("relevance", [read_table(path) for path in paths])
truth = known_truth(relevance, params.variant, params.sequence, **params.summary, seed=params.seed)
logger.info("\n%s", truth.to_string(index=False))
write_table(relevance, snakemake.output.relevance)
write_table(truth, snakemake.output.truth)
write_beside([snakemake.output.truth], snakemake.config, paths)
