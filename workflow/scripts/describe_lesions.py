"""Set type, size and contrast of every lesion beside the sequences that the network used."""

from mrelevance.analysis.cohort import stack
from mrelevance.analysis.lesion_features import feature_correlation, lesion_features
from mrelevance.attribution.shares import MEASURED
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, read_tables, write_table
from mrelevance.runtime.logs import log_to

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
