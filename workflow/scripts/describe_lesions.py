"""Set type, size and contrast of every lesion beside the sequences that the network used."""

from mrelevance.files import read_table, read_tables, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.cohort import stack
from mrelevance.summary.lesion_features import feature_correlation, lesion_features
from mrelevance.summary.shares import MEASURED

log_to(snakemake.log[0])

inputs, output, params = snakemake.input, snakemake.output, snakemake.params
features = lesion_features(
    read_table(inputs.lesions),
    stack("contrast", [read_table(path) for path in inputs.contrast]),
    read_tables(inputs.conspicuity) if inputs.conspicuity else None,
)
correlation = feature_correlation(
    read_table(inputs.relevance),
    features,
    [params.composite, MEASURED],
    **params.summary,
    seed=params.seed,
)
write_table(features, output.features)
write_table(correlation, output.correlation)
write_beside([output.features, output.correlation], snakemake.config, inputs)
