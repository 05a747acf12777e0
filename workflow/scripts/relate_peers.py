"""What other attribution methods say of one patient's predicted tumour."""

import torch

from mrelevance.benchmark import record_benchmark
from mrelevance.evaluation.peers import peer_relevance
from mrelevance.files import write_table
from mrelevance.logs import log_to
from mrelevance.relevance.inputs import read_explained_patient
from mrelevance.relevance.table import pooled_table
from mrelevance.relevance.target import target_logit
from mrelevance.seeds import patient_seed
from mrelevance.segmentation.inference import predict_logits

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, params = snakemake.wildcards.patient, snakemake.params
explained = read_explained_patient(
    patient, dict(snakemake.input.items()), params.sequences, params.reference
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
        torch.from_numpy(explained.reference),
        torch.from_numpy(mask),
        patient_seed(params.seed, patient),
    )
    for key, mask in tumour.items()
}
table = pooled_table(relevance, tumour, params.sequences, patient, params.target)
logger.info("\n%s", table.to_string(index=False))
write_table(table, snakemake.output.table)
record_benchmark(snakemake.log[0])
