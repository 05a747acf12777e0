"""Compare the explained members of a network with all that are deployed, in one patient."""

import torch

from mrelevance.networks.distance import distance_of_patient
from mrelevance.networks.of_study import load_predictor
from mrelevance.networks.preparation import read_prepared
from mrelevance.networks.trained_elsewhere import load_source, whole
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params, patient = snakemake.input, snakemake.params, snakemake.wildcards.patient
distance = distance_of_patient(
    patient,
    read_prepared(patient, inputs.image, inputs.channels, params.sequences),
    load_predictor(inputs.card, params.sequences, params.deployed),
    load_source(whole(params.deployed)),
)
logger.info("\n%s", distance.to_string(index=False))
write_table(distance, snakemake.output.distance)
record_benchmark(snakemake.log[0])
