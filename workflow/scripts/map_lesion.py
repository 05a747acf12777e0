"""Map one lesion by every rule of the gallery, with the relevance that each layer keeps."""

from pathlib import Path

import pandas as pd
import torch

from mrelevance.evaluation.attribution import GALLERY
from mrelevance.evaluation.gallery import COLUMNS, gallery_maps
from mrelevance.evaluation.lesion_crop import read_lesion_crops
from mrelevance.files import write_table
from mrelevance.images import image_like, write_image
from mrelevance.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

params = snakemake.params
output = snakemake.output
network, crops = read_lesion_crops(
    dict(snakemake.input.items()), params.sequences, params.reference, params.maps, params.divisor
)
folder = Path(output.volumes)
folder.mkdir(parents=True, exist_ok=True)
table = pd.DataFrame(columns=COLUMNS)
if crops:
    crop = crops[0]
    maps, table = gallery_maps(network, crop, GALLERY, params.target, params.seed)
    for name, values in {"image": crop.image, "lesion": crop.region, **maps}.items():
        write_image(image_like(values.numpy(), crop.grid), folder / f"{name}.nii.gz")
    logger.info("patient %s: mapped lesion %d", crop.patient, crop.lesion)
write_table(table, output.conservation)
