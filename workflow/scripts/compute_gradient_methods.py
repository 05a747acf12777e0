"""Relevance of the sequences in one patient's predicted tumour by gradient methods."""

import torch

from mrelevance.attribution.gradients import gradient_table
from mrelevance.attribution.inputs import read_explained_patient
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

params, paths = snakemake.params, dict(snakemake.input.items())
patient = read_explained_patient(
    snakemake.wildcards.patient, paths, params.sequences, params.baseline
)
card = snakemake.input.card
predictor = load_predictor(card, params.sequences, params.deployed)
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
outputs = outputs_of_region(read_json(card), segmentation, region)
target = Target.of_region(params.target, outputs)
table = gradient_table(patient, predictor, target, params.seed)
logger.info("\n%s", table.to_string(index=False))
write_table(name_region(table, region.name), snakemake.output.table)
record_benchmark(snakemake.log[0])
