"""Map one lesion by every rule of the gallery, with the relevance that each layer keeps."""

import pandas as pd
import torch

from mrelevance.attribution.lesion_crop import read_lesion_crops
from mrelevance.attribution.methods import GALLERY
from mrelevance.evaluation.gallery import COLUMNS, gallery_maps
from mrelevance.runtime.files import write_table, written_whole
from mrelevance.runtime.images import image_like, write_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

params = snakemake.params
output = snakemake.output
network, crops = read_lesion_crops(
    dict(snakemake.input.items()), params.sequences, params.baseline, params.maps, params.divisor
)
table, volumes = pd.DataFrame(columns=COLUMNS), {}
if crops:
    crop = crops[0]
    maps, table = gallery_maps(network, crop, GALLERY, params.target, params.seed)
    for name, values in {"image": crop.image, "lesion": crop.region, **maps}.items():
        volumes[name] = image_like(values.numpy(), crop.grid)
    logger.info("patient %s: mapped lesion %d", crop.patient, crop.lesion)
with written_whole(output.volumes) as folder:
    folder.mkdir()
    for name, volume in volumes.items():
        write_image(volume, folder / f"{name}.nii.gz")
write_table(table, output.conservation)
