"""What other attribution methods say of one patient's predicted tumour."""

import torch

from mrelevance.attribution.gradients import peer_relevance
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.attribution.table import pooled_table
from mrelevance.attribution.target import target_logit
from mrelevance.networks.inference import predict_logits
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.seeds import patient_seed

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, params = snakemake.wildcards.patient, snakemake.params
explained = read_explained_patient(
    patient, dict(snakemake.input.items()), params.sequences, params.baseline
)
explained.network.requires_grad_(False)


def output(given):
    """Explained output (D, H, W) of an image (1, C, D, H, W)."""
    logits = predict_logits(
        explained.network, given[0], params.window, params.overlap, params.divisor
    )
    return target_logit(logits, params.target)


tumour = {key: mask for key, mask in explained.masks.items() if key[0] == "tumour"}
relevance = {
    key: peer_relevance(
        output,
        torch.from_numpy(explained.image),
        torch.from_numpy(explained.baseline),
        torch.from_numpy(mask),
        patient_seed(params.seed, patient),
    )
    for key, mask in tumour.items()
}
table = pooled_table(relevance, tumour, params.sequences, patient, params.target)
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.table)
record_benchmark(snakemake.log[0])
