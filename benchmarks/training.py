"""Time a training step by precision and memory format, drawing a batch, and one prediction.

    python benchmarks/training.py --config config/config.yaml --threads 2

The patient is noise of 96 x 80 x 40 voxels. The medians show whether `precision: bfloat16` is worth
while on this processor. With float32, training keeps the contiguous format: on CPUs, channels-last
slowed activations and instance normalisation down by more than convolutions gained.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
import yaml
from monai.losses import DiceCELoss

from mrelevance.lrp import Windows
from mrelevance.networks.building import build_network
from mrelevance.networks.predictor import Predictor
from mrelevance.networks.training_data import TrainingPatient, draw_batch


def median_seconds(function: Callable[[], object], repetitions: int = 7) -> float:
    function()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def noise_patient(channels: int) -> TrainingPatient:
    generator = np.random.default_rng(0)
    tumour = np.zeros((40, 80, 96), bool)
    tumour[18:22, 30:40, 40:50] = True
    return TrainingPatient(
        name="noise",
        image=torch.from_numpy(generator.normal(size=(channels, *tumour.shape))).half(),
        classes=torch.from_numpy(tumour.astype(np.uint8)),
        lesions=[[np.argwhere(tumour)]],
        spacing=(4.0, 3.5, 3.5),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="config/config.yaml")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with open(options.config) as file:
        configuration = yaml.safe_load(file)
    torch.set_num_threads(options.threads)
    settings, inference = configuration["training"], configuration["inference"]
    channels, divisor = len(configuration["sequences"]), configuration["network"]["divisor"]
    patient = noise_patient(channels)
    batch = draw_batch([patient], settings, seed=0, step=0)
    loss_function = DiceCELoss(to_onehot_y=True, softmax=True, batch=True)

    print("what\tseconds")
    seconds = median_seconds(lambda: draw_batch([patient], settings, seed=0, step=1))
    print(f"draw a batch\t{seconds:.3f}")
    for memory_format in (torch.contiguous_format, torch.channels_last_3d):
        for precision in (torch.float32, torch.bfloat16):
            network = build_network(
                configuration["network"]["name"], configuration["network"]["arguments"], channels
            ).to(memory_format=memory_format)
            images = batch.images.to(memory_format=memory_format)
            optimiser = torch.optim.AdamW(network.parameters())

            def step(network=network, images=images, optimiser=optimiser, precision=precision):
                with torch.autocast("cpu", precision, enabled=precision != torch.float32):
                    logits = network(images)
                optimiser.zero_grad()
                loss_function(logits.float(), batch.classes).backward()
                optimiser.step()

            print(f"step, {precision}, {memory_format}\t{median_seconds(step):.3f}")
    network = build_network(
        configuration["network"]["name"], configuration["network"]["arguments"], channels
    ).eval()
    image = patient.image.float()
    windows = Windows(tuple(inference["window"][::-1]), inference["overlap"])
    predictor = Predictor(network, windows, divisor=divisor)
    seconds = median_seconds(lambda: predictor.apply(image))
    print(f"predict a patient, float32\t{seconds:.3f}")


if __name__ == "__main__":
    main()
