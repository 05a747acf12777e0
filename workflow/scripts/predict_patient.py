"""Segment one patient; list and score the lesions that are detected, missed or false positive."""

from pathlib import Path

import torch

from mrelevance.networks.loading import load_network
from mrelevance.networks.prediction import (
    InferenceSettings,
    predict_patient,
    read_preprocessed,
    write_prediction,
)
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params
prediction = predict_patient(
    load_network(Path(inputs.weights).parent, params.sequences),
    read_preprocessed(snakemake.wildcards.patient, dict(inputs.items()), params.sequences),
    InferenceSettings(params.window, params.overlap, params.divisor, params.lesion_overlap),
)
logger.info(
    "\n%s\n%s",
    prediction.scores.to_string(index=False),
    prediction.lesions.to_string(index=False),
)
write_prediction(prediction, dict(snakemake.output.items()))
record_benchmark(snakemake.log[0])
