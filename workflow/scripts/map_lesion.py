"""Map one lesion by every method of the gallery, with the relevance that each layer keeps."""

import pandas as pd
import torch

from mrelevance.attribution.lesion_crop import CropShape, read_lesion_crops
from mrelevance.attribution.methods import MappedNetwork
from mrelevance.attribution.target import Target
from mrelevance.evaluation.gallery import COLUMNS, gallery_maps
from mrelevance.networks.of_study import load_for_crops
from mrelevance.networks.trained_elsewhere import outputs_of_region
from mrelevance.runtime.columns import name_region
from mrelevance.runtime.files import read_json, write_table, written_whole
from mrelevance.runtime.images import image_like, write_image
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.methods import GALLERY
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params, output = snakemake.input, snakemake.params, snakemake.output
maps = params.maps
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
outputs = outputs_of_region(read_json(inputs.card), segmentation, region)
shape = CropShape(tuple(maps["crop"][::-1]), params.divisor, maps["block"])
crops = read_lesion_crops(dict(inputs.items()), params.sequences, params.baseline, shape)
table, volumes = pd.DataFrame(columns=COLUMNS), {}
for crop in crops[:1]:
    network = load_for_crops(inputs.card, params.sequences, params.deployed)
    mapped = MappedNetwork(network, Target.of_region(params.target, outputs), params.statistics)
    of_method, table = gallery_maps(mapped, crop, GALLERY, params.seed)
    for name, values in {"image": crop.image, "lesion": crop.region, **of_method}.items():
        volumes[name] = image_like(values.numpy(), crop.grid)
    logger.info("patient %s: mapped lesion %d", crop.patient, crop.lesion)
with written_whole(output.volumes) as folder:
    folder.mkdir()
    for name, volume in volumes.items():
        write_image(volume, folder / f"{name}.nii.gz")
write_table(name_region(table, region.name), output.conservation)
