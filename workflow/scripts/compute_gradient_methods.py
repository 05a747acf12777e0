"""Relevance of the sequences in one patient's predicted tumour by gradient methods."""

from pathlib import Path

import torch

from mrelevance.attribution.gradients import gradient_table
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.attribution.target import Target
from mrelevance.lrp.windows import Windows
from mrelevance.networks.loading import load_network
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.columns import name_region
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

params, paths = snakemake.params, dict(snakemake.input.items())
patient = read_explained_patient(
    snakemake.wildcards.patient, paths, params.sequences, params.baseline
)
network = load_network(Path(snakemake.input.weights).parent, params.sequences)
windows = Windows(tuple(params.window[::-1]), params.overlap)
predictor = Predictor(network, windows, divisor=params.divisor)
region = read_segmentation(params.segmentation).region(params.region)
target = Target.of_region(params.target, region)
table = gradient_table(patient, predictor, target, params.seed)
logger.info("\n%s", table.to_string(index=False))
write_table(name_region(table, region.name), snakemake.output.table)
record_benchmark(snakemake.log[0])
