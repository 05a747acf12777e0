"""Exact Shapley value of every sequence in one patient's segmentation, by forward passes."""

import torch
from tqdm import tqdm

from mrelevance.evaluation.shapley import measurable, shapley_values
from mrelevance.files import write_table
from mrelevance.images import image_like, write_image
from mrelevance.logs import log_to
from mrelevance.relevance.inputs import read_explained_patient
from mrelevance.relevance.table import relevance_table
from mrelevance.relevance.target import target_logit
from mrelevance.segmentation.inference import predict_logits
from mrelevance.segmentation.precision import autocast, lay_out

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, params = snakemake.wildcards.patient, snakemake.params
explained = read_explained_patient(
    patient,
    dict(snakemake.input.items()),
    params.sequences,
    params.reference,
)
network = lay_out(explained.network, params.precision)
image = torch.from_numpy(explained.image)


def output(given):
    """Explained logit (D, H, W) of an image (1, C, D, H, W)."""
    with autocast(given.device, params.precision):
        logits = predict_logits(network, given[0], params.window, params.overlap, params.divisor)
    return target_logit(logits, params.target)


values, change = shapley_values(
    output,
    image,
    torch.from_numpy(explained.reference),
    lambda coalitions: tqdm(coalitions, desc=f"{patient}: coalitions", mininterval=5),
)
with torch.no_grad():
    logit = output(image[None])
table = relevance_table(
    values.numpy(),
    change.numpy(),
    measurable(values.numpy(), logit.numpy(), params.tau),
    explained.masks,
    params.sequences,
    {"patient": patient, "composite": "shapley", "target": params.target},
)
logger.info("\n%s", table.to_string(index=False))
write_image(image_like(values.numpy(), explained.grid), snakemake.output.volume)
write_table(table, snakemake.output.table)
