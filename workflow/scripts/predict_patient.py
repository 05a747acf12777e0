"""Segment one patient; list and score the lesions that are detected, missed or false positive."""

from pathlib import Path

import torch

from mrelevance.lrp.windows import Windows
from mrelevance.networks.loading import load_network
from mrelevance.networks.prediction import predict_patient, read_preprocessed, write_prediction
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
network = load_network(Path(inputs.weights).parent, params.sequences)
windows = Windows(tuple(params.window[::-1]), params.overlap)
prediction = predict_patient(
    Predictor(network, windows, divisor=params.divisor),
    read_preprocessed(
        snakemake.wildcards.patient, dict(inputs.items()), params.sequences, segmentation, region
    ),
    params.lesion_overlap,
    region,
)
logger.info(
    "\n%s\n%s",
    prediction.scores.to_string(index=False),
    prediction.lesions.to_string(index=False),
)
write_prediction(prediction, region.name, dict(snakemake.output.items()))
record_benchmark(snakemake.log[0])
