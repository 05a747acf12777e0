"""Compare the maps of lesions with those of a network whose weights are redrawn."""

import torch

from mrelevance.attribution.lesion_crop import read_lesion_crops
from mrelevance.evaluation.randomisation import randomise_lesions
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

params = snakemake.params
settings = params.maps
network, crops = read_lesion_crops(
    dict(snakemake.input.items()), params.sequences, params.baseline, settings, params.divisor
)
table = randomise_lesions(
    network,
    crops[: settings["randomised_lesions"]],
    settings["randomised_methods"],
    params.target,
    params.seed,
)
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.similarities)
