"""Replace lesions' voxels step by step in the order of each map, and measure the margin left."""

import torch

from mrelevance.attribution.lesion_crop import CropShape, read_lesion_crops
from mrelevance.attribution.methods import MappedNetwork
from mrelevance.attribution.target import Target
from mrelevance.evaluation.perturbation import perturb_lesions
from mrelevance.networks.of_study import load_for_crops
from mrelevance.networks.precision import check_precision
from mrelevance.networks.trained_elsewhere import outputs_of_region
from mrelevance.runtime.columns import name_region
from mrelevance.runtime.files import read_json, write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params
maps = params.maps
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
outputs = outputs_of_region(read_json(inputs.card), segmentation, region)
check_precision({"evaluation.precision": params.precision})
shape = CropShape(tuple(maps["crop"][::-1]), params.divisor, maps["block"])
crops = read_lesion_crops(dict(inputs.items()), params.sequences, params.baseline, shape)
network = load_for_crops(inputs.card, params.sequences, params.deployed)
mapped = MappedNetwork(network, Target.of_region(params.target, outputs), params.statistics)
curves = perturb_lesions(mapped, crops, maps, params.precision, params.seed)
write_table(name_region(curves, region.name), snakemake.output.curves)
