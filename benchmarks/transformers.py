"""Train a small SwinUNETR and UNETR, and compare methods with exact Shapley values on them.

    python benchmarks/transformers.py --results results --steps 1000 --patients 6

Takes the preprocessed patients of a study. Each network is trained on patches of the training
patients. Then crops around the largest lesion of test patients are explained: the margin of tumour
over background, summed over the lesion, with every lesion inpainted as the baseline. For each
method the table gives medians over patients: Kendall's tau and the L1 distance of its shares to
those of the exact Shapley values, and its time in forward passes.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml
from monai.losses import DiceCELoss
from scipy.stats import kendalltau
from torch import Tensor, nn

from mrelevance.attribution.baselines import inpaint
from mrelevance.attribution.shapley import shapley_values
from mrelevance.lrp import Explainer
from mrelevance.networks.building import build_network
from mrelevance.networks.training_data import TrainingPatient, draw_batch, load_patient

SIZE = (32, 64, 64)
"""Of patches and crops (D, H, W): both networks halve an image five times or less."""

NETWORKS = {
    "SwinUNETR": {
        "feature_size": 12, "depths": [2, 2, 2, 2], "num_heads": [1, 2, 4, 8], "window_size": 4,
    },
    "UNETR": {
        "img_size": list(SIZE), "feature_size": 8, "hidden_size": 96, "mlp_dim": 192,
        "num_heads": 4,
    },
}  # fmt: skip
METHODS: dict[str, tuple[str, dict]] = {
    "deeplift, live": ("deeplift", {}),
    "deeplift, frozen": ("deeplift", {"statistics": "frozen"}),
    "deepshap": ("deepshap", {}),
    "halves": ("deeplift_halves", {}),
    "AttnLRP": ("attn_lrp", {}),
    "CP-LRP (epsilon)": ("epsilon", {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--patients", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = yaml.safe_load(options.config.read_text())
    folders = sorted((options.results / "preprocessed").glob("*/image.nii"))
    if len(folders) <= options.patients:
        parser.error(f"{options.results}/preprocessed holds {len(folders)} patients; too few")
    sequences = config["sequences"]
    patients = [
        load_patient(
            path.parent.name, path, path.with_name("label.nii.gz"), sequences, sequences
        )
        for path in folders
    ]  # fmt: skip
    trained_on, tested = patients[: -options.patients], patients[-options.patients :]
    for name in options.networks:
        network = trained(name, trained_on, config, options.steps)
        tables = [compared(network, patient) for patient in tested if patient.lesions]
        table = pd.concat(tables).groupby("method", sort=False).median(numeric_only=True)
        print(f"{name}, {options.steps} steps, {len(tables)} patients, {options.threads} threads")
        print(table.round(3).to_markdown(), flush=True)


def trained(name: str, patients: list[TrainingPatient], config: dict, steps: int) -> nn.Module:
    torch.manual_seed(config["seed"])
    network = build_network(name, NETWORKS[name], len(config["sequences"])).train()
    settings = {**config["training"], "patch": list(SIZE[::-1])}
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, steps)
    loss_function = DiceCELoss(to_onehot_y=True, softmax=True, batch=True)
    for step in range(steps):
        batch = draw_batch(patients, settings, config["seed"], step)
        loss = loss_function(network(batch.images), batch.tumours)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0 or step == steps - 1:
            print(f"{name} step {step}: loss {loss.item():.3f}", flush=True)
    return network.eval()


def crop_around_largest_lesion(patient: TrainingPatient) -> tuple[slice, ...]:
    centre = max(patient.lesions, key=len).mean(0)
    starts = [
        int(np.clip(middle - length / 2, 0, whole - length))
        for middle, length, whole in zip(centre, SIZE, patient.tumour.shape, strict=True)
    ]
    return tuple(slice(a, a + length) for a, length in zip(starts, SIZE, strict=True))


def compared(network: nn.Module, patient: TrainingPatient) -> pd.DataFrame:
    """One row per method: how near it comes to exact Shapley values, and what it costs."""
    crop = crop_around_largest_lesion(patient)
    image = patient.image.float()[:, *crop]
    tumour = patient.tumour[crop]
    baseline = inpaint(image.numpy(), tumour.numpy().astype(np.uint8), patient.name)
    baseline = torch.from_numpy(baseline)

    def margin(one: Tensor) -> Tensor:
        logits = network(one)[0]
        return logits[1] - logits[0]

    truth = shapley_values(margin, image, baseline)[0][:, tumour].sum(1).double()
    with torch.no_grad():
        network(image[None])
        _, forward = timed(lambda: network(image[None]))
    rows = []
    for label, method in {**methods(network, image, baseline, tumour, margin)}.items():
        parts, seconds = timed(method)
        shares, exact = (values / values.sum() for values in (parts.double(), truth))
        rows.append({
            "method": label,
            "tau": kendalltau(shares, exact).statistic,
            "L1": float((shares - exact).abs().sum()),
            "passes": seconds / forward,
        })  # fmt: skip
    return pd.DataFrame(rows)


def methods(
    network: nn.Module, image: Tensor, baseline: Tensor, tumour: Tensor, margin: Callable
) -> dict[str, Callable[[], Tensor]]:
    """Methods by label; each gives the part of every sequence in the margin of the tumour."""
    explainer = Explainer(network, image, "deeplift", baseline=baseline)

    def parts_under(composite: str, options: dict) -> Callable[[], Tensor]:
        needs_baseline = composite.startswith("deep")
        given = {**options, "baseline": baseline} if needs_baseline else options
        chosen = explainer.with_composite(composite, **given)
        return lambda: chosen.explain(image, (1, 0)).sequence_parts[:, tumour].sum(1)

    def gradient_times_input() -> Tensor:
        leaf = image[None].clone().requires_grad_()
        margin(leaf)[tumour].sum().backward()
        return (leaf.grad * leaf.detach())[0].sum((1, 2, 3))

    found = {label: parts_under(*entry) for label, entry in METHODS.items()}
    return {**found, "gradient times input": gradient_times_input}


def timed(method: Callable[[], Tensor]) -> tuple[Tensor, float]:
    start = time.perf_counter()
    result = method()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
