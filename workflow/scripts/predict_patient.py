"""Segment one patient; list and score the lesions that were found, missed and invented."""

from pathlib import Path

import torch

from mrelevance.networks.channels import pick_channels
from mrelevance.networks.inference import predict_logits
from mrelevance.networks.lesions import describe_regions, find_regions
from mrelevance.networks.memory import WithinMemory
from mrelevance.networks.network import load_network
from mrelevance.networks.scores import score_patient
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import read_json, read_table, write_table
from mrelevance.runtime.images import (
    first_channel,
    image_like,
    read_image,
    spacing_zyx,
    to_array,
    voxel_volume_ml,
    write_image,
)
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

patient, inputs, params = snakemake.wildcards.patient, snakemake.input, snakemake.params
what = f"patient {patient}, preprocessed image"
network = load_network(Path(inputs.weights).parent, params.sequences)
image = read_image(inputs.image, what)
channels = read_json(inputs.channels)["sequences"]
voxels = pick_channels(to_array(image), channels, params.sequences, what)
label = to_array(read_image(inputs.label, f"patient {patient}, preprocessed label"))


def predict(device, tiles):
    """Logits (2, D, H, W)."""
    given = torch.from_numpy(voxels).to(device)
    return predict_logits(
        network, given, params.window, params.overlap, params.divisor, tiles
    ).cpu()


memory = WithinMemory(network, params.window, params.divisor, voxels.shape, patient)
with torch.no_grad():
    probability = memory.run(predict).softmax(dim=0)[1].numpy()
segmentation = probability > 0.5

grid = first_channel(image)
regions, table = find_regions(segmentation, label, spacing_zyx(grid), params.lesion_overlap)
types = read_table(inputs.lesions).set_index("lesion")["type"].to_dict()
lesions = describe_regions(table, patient, label, types, voxel_volume_ml(grid))
scores = score_patient(patient, segmentation, label, lesions, spacing_zyx(grid))
logger.info("\n%s\n%s", scores.to_string(index=False), lesions.to_string(index=False))

for array, path in (
    (probability, snakemake.output.probability),
    (segmentation, snakemake.output.segmentation),
    (regions, snakemake.output.regions),
):
    write_image(image_like(array, grid), path)
write_table(lesions, snakemake.output.lesions)
write_table(scores, snakemake.output.scores)
record_benchmark(snakemake.log[0])
