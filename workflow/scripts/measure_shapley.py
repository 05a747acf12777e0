"""What each sequence contributes to one patient's segmentation, measured by forward passes."""

import pandas as pd
import torch
from tqdm import tqdm

from mrelevance.evaluation.ablation import (
    ABLATIONS,
    ablated_coalitions,
    ablation_table,
    occlusion_parts,
)
from mrelevance.evaluation.shapley import measurable, shapley_values
from mrelevance.evaluation.targets import target_table
from mrelevance.files import write_table
from mrelevance.images import image_like, read_image, spacing_zyx, to_array, write_image
from mrelevance.logs import log_to
from mrelevance.relevance.inputs import read_explained_patient
from mrelevance.relevance.table import relevance_table
from mrelevance.relevance.target import target_logit
from mrelevance.segmentation.inference import predict_logits
from mrelevance.segmentation.precision import autocast, lay_out

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, params = snakemake.wildcards.patient, snakemake.params
sequences = params.sequences
explained = read_explained_patient(
    patient, dict(snakemake.input.items()), sequences, params.reference
)
network = lay_out(explained.network, params.precision)
ablated = set(ablated_coalitions(len(sequences)).values())
logits = {}


def output(given):
    """Logits (2, D, H, W) of an image (1, C, D, H, W)."""
    with autocast(given.device, params.precision):
        return predict_logits(network, given[0], params.window, params.overlap, params.divisor)


def keep_ablated(coalition, of_coalition):
    """Keep the logits of the coalitions that the ablation asks for."""
    if coalition in ablated:
        logits[coalition] = of_coalition


values, _ = shapley_values(
    output,
    torch.from_numpy(explained.image),
    torch.from_numpy(explained.reference),
    lambda coalitions: tqdm(coalitions, desc=f"{patient}: coalitions", mininterval=5),
    keep_ablated,
)
targets = target_table(values.numpy(), explained.masks, sequences, patient)
values = target_logit(values.transpose(0, 1), params.target)
outputs = {coalition: target_logit(given, params.target) for coalition, given in logits.items()}
full, empty = outputs[(True,) * len(sequences)], outputs[(False,) * len(sequences)]


def table_of(method, parts):
    """Rows of the relevance table for parts (C, D, H, W) that a method gives the sequences."""
    return relevance_table(
        parts.numpy(),
        (full - empty).numpy(),
        measurable(parts.numpy(), full.numpy(), params.tau),
        explained.masks,
        sequences,
        {"patient": patient, "composite": method, "target": params.target},
    )


shapley = table_of("shapley", values)
occlusion = pd.concat(
    table_of(ablation, occlusion_parts(ablation, outputs, len(sequences))) for ablation in ABLATIONS
)
label = read_image(snakemake.input.label, f"patient {patient}, preprocessed label")
ablation = ablation_table(
    patient, logits, to_array(label), sequences, spacing_zyx(label), params.lesion_overlap
)
logger.info("\n%s\n%s", shapley.to_string(index=False), ablation.to_string(index=False))
write_image(image_like(values.numpy(), explained.grid), snakemake.output.volume)
write_table(shapley, snakemake.output.table)
write_table(occlusion, snakemake.output.occlusion)
write_table(ablation, snakemake.output.ablation)
write_table(targets, snakemake.output.targets)
