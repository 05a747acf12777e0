"""Compare the maps of lesions with those of a network whose weights are redrawn."""

import torch

from mrelevance.attribution.lesion_crop import CropShape, read_lesion_crops
from mrelevance.attribution.methods import MappedNetwork
from mrelevance.attribution.target import Target
from mrelevance.evaluation.randomisation import randomise_lesions
from mrelevance.networks.of_study import load_for_crops
from mrelevance.networks.trained_elsewhere import outputs_of_region
from mrelevance.runtime.columns import name_region
from mrelevance.runtime.files import read_json, write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params
maps = params.maps
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
outputs = outputs_of_region(read_json(inputs.card), segmentation, region)
shape = CropShape(tuple(maps["crop"][::-1]), params.divisor, maps["block"])
crops = read_lesion_crops(dict(inputs.items()), params.sequences, params.baseline, shape)
network = load_for_crops(inputs.card, params.sequences, params.deployed)
mapped = MappedNetwork(network, Target.of_region(params.target, outputs), params.statistics)
table = randomise_lesions(mapped, crops, maps, params.seed)
logger.info("\n%s", table.to_string(index=False))
write_table(name_region(table, region.name), snakemake.output.similarities)
