"""Relevance of the sequences in one patient's predicted tumour by gradient methods."""

from pathlib import Path

import torch

from mrelevance.attribution.gradients import gradient_table
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.networks.network import load_network
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

params, paths = snakemake.params, dict(snakemake.input.items())
patient = read_explained_patient(
    snakemake.wildcards.patient, paths, params.sequences, params.baseline
)
network = load_network(Path(snakemake.input.weights).parent, params.sequences)
predictor = Predictor(network, params.window, params.overlap, params.divisor)
table = gradient_table(patient, predictor, params.target, params.seed)
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.table)
record_benchmark(snakemake.log[0])
