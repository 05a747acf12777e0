"""Relevance of one patient's segmentation under every composite: table, shares, region maps."""

from pathlib import Path

import pandas as pd
import torch

from mrelevance.files import write_table
from mrelevance.images import image_like, write_image
from mrelevance.logs import log_to
from mrelevance.lrp import Windows
from mrelevance.relevance.inputs import read_explained_patient
from mrelevance.relevance.patient import relate_patient
from mrelevance.segmentation.inference import PaddedNetwork

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, params = snakemake.wildcards.patient, snakemake.params
settings = params.relevance
explained = read_explained_patient(
    patient,
    dict(snakemake.input.items()),
    params.sequences,
    settings["reference"],
)
tables = []
for relevance in relate_patient(
    PaddedNetwork(explained.network, params.divisor).eval(),
    Windows(tuple(params.window[::-1]), params.overlap),
    explained.image,
    explained.reference,
    explained.masks,
    settings["composites"],
    settings["target"],
    settings["tau"],
    params.sequences,
    patient,
):
    folder = Path(snakemake.output.table).parent / relevance.composite
    volumes = {"shares": relevance.shares, "normaliser": relevance.normalisers}
    for (region, lesion), relevance_map in relevance.maps.items():
        volumes[f"map_{region}_{lesion}"] = relevance_map
    for name, array in volumes.items():
        write_image(image_like(array, explained.grid), folder / f"{name}.nii.gz")
    tables.append(relevance.table)
    logger.info("patient %s: explained with %s", patient, relevance.composite)
write_table(pd.concat(tables), snakemake.output.table)
