"""Segment one patient; list and score the lesions that are detected, missed or false positive."""

import torch

from mrelevance.networks.of_study import load_predictor
from mrelevance.networks.prediction import predict_patient, read_preprocessed, write_prediction
from mrelevance.networks.trained_elsewhere import outputs_of_region
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import read_json
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
prediction = predict_patient(
    load_predictor(inputs.card, params.sequences, params.deployed),
    read_preprocessed(
        snakemake.wildcards.patient, dict(inputs.items()), params.sequences, segmentation, region
    ),
    params.lesion_overlap,
    outputs_of_region(read_json(inputs.card), segmentation, region),
)
logger.info(
    "\n%s\n%s",
    prediction.scores.to_string(index=False),
    prediction.lesions.to_string(index=False),
)
write_prediction(prediction, region.name, dict(snakemake.output.items()))
record_benchmark(snakemake.log[0])
