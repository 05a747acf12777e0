"""Compare the maps of lesions with those of a network whose weights are redrawn."""

from pathlib import Path

import torch

from mrelevance.attribution.lesion_crop import CropShape, read_lesion_crops
from mrelevance.attribution.methods import MappedNetwork
from mrelevance.evaluation.randomisation import randomise_lesions
from mrelevance.networks.loading import load_network
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params
maps = params.maps
shape = CropShape(tuple(maps["crop"][::-1]), params.divisor, maps["block"])
crops = read_lesion_crops(dict(inputs.items()), params.sequences, params.baseline, shape)
network = load_network(Path(inputs.weights).parent, params.sequences)
mapped = MappedNetwork(network, params.target, params.statistics)
table = randomise_lesions(mapped, crops, maps, params.seed)
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.similarities)
