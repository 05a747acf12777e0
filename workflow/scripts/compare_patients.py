"""Whose shares are unlike those of all other patients, and what is different about them."""

from mrelevance.analysis.individuals import (
    patient_features,
    pattern_differences,
    pattern_distances,
)
from mrelevance.attribution.shares import MEASURED
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, output = snakemake.input, snakemake.output
composites = [snakemake.params.composite, MEASURED]
relevance = read_table(inputs.relevance)
distances = pattern_distances(relevance, composites)
features = patient_features(
    read_table(inputs.scores),
    read_table(inputs.lesions),
    read_table(inputs.motion),
    read_table(inputs.features),
)
logger.info("outlying:\n%s", distances[distances["outlying"] == 1].to_string(index=False))
write_table(distances, output.distances)
write_table(pattern_differences(relevance, features, composites), output.differences)
write_beside([output.distances, output.differences], snakemake.config, inputs)
