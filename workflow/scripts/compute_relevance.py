"""Relevance of one patient's segmentation under every composite: tables, shares, region maps."""

from pathlib import Path

import pandas as pd
import torch

from mrelevance.attribution.context import context_table, patient_zones, read_organ
from mrelevance.attribution.contrast import contrast_table
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.attribution.patient import compute_relevance, write_volumes
from mrelevance.attribution.target import Target
from mrelevance.networks.of_study import load_predictor
from mrelevance.networks.trained_elsewhere import outputs_of_region
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.columns import name_region
from mrelevance.runtime.files import read_json, write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

name, inputs, params = snakemake.wildcards.patient, snakemake.input, snakemake.params
settings, sequences = params.relevance, params.sequences
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
outputs = outputs_of_region(read_json(inputs.card), segmentation, region)
target = Target.of_region(settings["target"], outputs)
patient = read_explained_patient(name, dict(inputs.items()), sequences, settings["baseline"])
organ = read_organ(inputs.organ[0], patient.grid, name) if inputs.organ else None
zones = patient_zones(patient, organ)
predictor = load_predictor(inputs.card, sequences, params.deployed)
tables, contexts = [], []
for relevance in compute_relevance(patient, predictor, target, settings):
    write_volumes(relevance, patient.grid, Path(snakemake.output.volumes) / relevance.method)
    keys = {"patient": name, "method": relevance.method, "target": settings["target"]}
    tables.append(relevance.table)
    contexts.append(context_table(relevance.maps, zones, sequences, keys))
    logger.info("patient %s: explained with %s", name, relevance.method)
of_file = {
    "table": pd.concat(tables),
    "context": pd.concat(contexts),
    "contrast": contrast_table(patient, zones),
}
for file, table in of_file.items():
    write_table(name_region(table, region.name), snakemake.output[file])
record_benchmark(snakemake.log[0])
