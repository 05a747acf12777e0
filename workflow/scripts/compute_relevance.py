"""Relevance of one patient's segmentation under every composite: tables, shares, region maps."""

from pathlib import Path

import pandas as pd
import torch

from mrelevance.attribution.context import context_table, read_organ, zone_names, zones_around
from mrelevance.attribution.contrast import contrast_table
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.attribution.patient import relate_patient
from mrelevance.lrp import Windows
from mrelevance.networks.inference import PaddedNetwork
from mrelevance.networks.memory import WithinMemory
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_table, written_whole
from mrelevance.runtime.images import image_like, spacing_zyx, write_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, params = snakemake.wildcards.patient, snakemake.params
settings = params.relevance
explained = read_explained_patient(
    patient,
    dict(snakemake.input.items()),
    params.sequences,
    settings["baseline"],
)
mask = snakemake.input.organ
organ = read_organ(mask[0], explained.grid, patient) if mask else None
names = zone_names(organ is not None)
zones = {
    key: zones_around(mask, spacing_zyx(explained.grid), organ)
    for key, mask in explained.masks.items()
    if key[0] != "tumour"
}
tables, contexts = [], []
network = PaddedNetwork(explained.network, params.divisor).eval()
for relevance in relate_patient(
    network,
    Windows(tuple(params.window[::-1]), params.overlap),
    WithinMemory(network, params.window, params.divisor, explained.image.shape, patient),
    explained.image,
    explained.baseline,
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
    with written_whole(folder) as beside:
        for name, array in volumes.items():
            write_image(image_like(array, explained.grid), beside / f"{name}.nii.gz")
    tables.append(relevance.table)
    keys = {"patient": patient, "method": relevance.composite, "target": settings["target"]}
    contexts.append(context_table(relevance.maps, zones, names, params.sequences, keys))
    logger.info("patient %s: explained with %s", patient, relevance.composite)
write_table(pd.concat(tables), snakemake.output.table)
write_table(pd.concat(contexts), snakemake.output.context)
contrast = contrast_table(
    explained.image, zones, names, explained.lesions, params.sequences, patient
)
write_table(contrast, snakemake.output.contrast)
record_benchmark(snakemake.log[0])
