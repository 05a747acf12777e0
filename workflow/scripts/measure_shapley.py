"""What each sequence contributes to one patient's segmentation, measured by forward passes."""

import torch

from mrelevance.attribution.ablation import ablation_table
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.attribution.measurement import measure_sequences, measurement_tables
from mrelevance.attribution.target import target_logit
from mrelevance.attribution.target_table import target_table
from mrelevance.networks.inference import predict_logits
from mrelevance.networks.memory import WithinMemory
from mrelevance.networks.precision import autocast, check_precision, lay_out
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_table
from mrelevance.runtime.images import image_like, read_image, spacing_zyx, to_array, write_image
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.seeds import patient_seed

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, params = snakemake.wildcards.patient, snakemake.params
sequences = params.sequences
check_precision({"evaluation.precision": params.precision})
explained = read_explained_patient(
    patient, dict(snakemake.input.items()), sequences, params.baseline
)
network = lay_out(explained.network, params.precision)
memory = WithinMemory(network, params.window, params.divisor, explained.image.shape, patient)


def output(given):
    """Logits (2, D, H, W) of an image (1, C, D, H, W)."""

    def predict(device, tiles):
        with autocast(device, params.precision):
            return predict_logits(
                network,
                given[0].to(device),
                params.window,
                params.overlap,
                params.divisor,
                tiles,
            ).cpu()

    return memory.run(predict)


measurement = measure_sequences(
    output,
    torch.from_numpy(explained.image),
    torch.from_numpy(explained.baseline),
    explained.masks,
    params.target,
    params.permutations,
    patient_seed(params.seed, patient),
    patient,
)
shapley, occlusion = measurement_tables(
    measurement, explained.masks, params.target, params.tau, sequences, patient
)
targets = target_table(measurement.shapley.numpy(), explained.masks, sequences, patient)
label = read_image(snakemake.input.label, f"patient {patient}, preprocessed label")
ablation = ablation_table(
    patient,
    measurement.logits,
    to_array(label),
    sequences,
    spacing_zyx(label),
    params.lesion_overlap,
)
logger.info("\n%s\n%s", shapley.to_string(index=False), ablation.to_string(index=False))
values = target_logit(measurement.shapley.transpose(0, 1), params.target)
write_image(image_like(values.numpy(), explained.grid), snakemake.output.volume)
write_table(shapley, snakemake.output.table)
write_table(occlusion, snakemake.output.occlusion)
write_table(ablation, snakemake.output.ablation)
write_table(targets, snakemake.output.targets)
record_benchmark(snakemake.log[0])
