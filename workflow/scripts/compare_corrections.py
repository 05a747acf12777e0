"""Set the study beside the same study on images with less motion correction."""

import pandas as pd

from mrelevance.analysis.motion_effect import motion_effect
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params


def of_correction(paths, correction):
    """Tables of one correction, one after the other; its name is a folder of their paths."""
    of_it = [path for path in paths if f"/{correction}/" in path]
    return pd.concat([read_table(path) for path in of_it])


scores = {params.configured: read_table(inputs.scores)}
relevance = {params.configured: read_table(inputs.relevance)}
for correction in params.less:
    scores[correction] = of_correction(inputs.scores_less, correction)
    relevance[correction] = of_correction(inputs.shapley_less, correction)
effect = motion_effect(scores, relevance, **params.summary, seed=params.seed)
write_table(effect, snakemake.output.effect)
write_beside([snakemake.output.effect], snakemake.config, inputs)
