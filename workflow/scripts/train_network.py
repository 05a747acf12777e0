"""Train the segmentation network; an interrupted training continues at its checkpoint."""

from pathlib import Path

import torch

from mrelevance.networks.training import train
from mrelevance.networks.training_data import TrainingFiles
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params


def files_of(part):
    """Image and label by patient, of one part of the split."""
    pairs = zip(inputs[f"{part}_images"], inputs[f"{part}_labels"], strict=True)
    return {Path(image).parent.name: (image, label) for image, label in pairs}


segmentation = read_segmentation(params.segmentation)
files = TrainingFiles(
    files_of("train"),
    files_of("validation"),
    params.sequences,
    params.channels,
    {Path(path).parent.name: path for path in inputs.classes},
    segmentation.outputs,
    ignores=bool(segmentation.ignore),
)
train(
    files,
    params.configuration,
    Path(snakemake.output.weights).parent,
    params.code,
)
record_benchmark(snakemake.log[0])
