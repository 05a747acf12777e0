"""Train the segmentation network; goes on from its checkpoint after an interruption."""

from pathlib import Path

import pandas as pd
import torch

from mrelevance.networks.training import train
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

inputs, params = snakemake.input, snakemake.params
images, split = {}, []
for part in ("train", "validation"):
    for paths in zip(inputs[f"{part}_images"], inputs[f"{part}_labels"], strict=True):
        patient = Path(paths[0]).parent.name
        images[patient] = paths
        split.append((patient, part))
train(
    images,
    pd.DataFrame(split, columns=["patient", "split"]),
    params.sequences,
    params.configuration,
    Path(snakemake.output.weights).parent,
    params.code,
    params.channels,
)
record_benchmark(snakemake.log[0])
