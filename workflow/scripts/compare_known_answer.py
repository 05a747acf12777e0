"""Judge every method by a sequence about which the truth is known."""

from mrelevance.analysis.cohort import stack
from mrelevance.evaluation.known_answer import known_truth
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
paths = [*inputs.relevance, *inputs.occlusion, *inputs.peers, *inputs.shapley]
relevance = stack("relevance", [read_table(path) for path in paths])
truth = known_truth(
    relevance, params.known_answer, params.sequence, **params.summary, seed=params.seed
)
logger.info("\n%s", truth.to_string(index=False))
write_table(relevance, snakemake.output.relevance)
write_table(truth, snakemake.output.truth)
write_beside([snakemake.output.truth], snakemake.config, paths)
