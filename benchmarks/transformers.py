"""Train a small SwinUNETR, UNETR and DynUNet, and compare methods with exact Shapley values.

    python benchmarks/transformers.py --results results --steps 250 --patients 2

Takes the preprocessed patients of a study. Each network is trained on patches of all patients but
the last ones. Then crops around the largest lesion of the last ones are explained: the margin of
tumour over background, summed over the lesion, against every baseline. The tables give medians over
these patients: Kendall's tau and the L1 distance of a method's shares to those of the exact
Shapley values, the sum of its parts over the change of the margin, and its processor time in
forward passes.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml
from scipy.stats import kendalltau
from torch import Tensor, nn

from mrelevance.attribution.baselines import baseline_image, stretched_onto
from mrelevance.attribution.shapley import shapley_values
from mrelevance.lrp import Explainer
from mrelevance.networks.building import build_network
from mrelevance.networks.training_data import TrainingPatient, draw_batch, load_patient
from mrelevance.networks.training_step import new_state, train_step
from mrelevance.runtime.images import read_image

SIZE = (32, 32, 32)
"""Of patches and crops (D, H, W): SwinUNETR halves an image five times."""

NETWORKS = {
    "SwinUNETR": {
        "feature_size": 12, "depths": [2, 2, 2, 2], "num_heads": [1, 2, 4, 8], "window_size": 4,
        "norm_name": "batch",  # of one voxel at the coarsest level there is no instance norm
    },
    "UNETR": {
        "img_size": list(SIZE), "feature_size": 8, "hidden_size": 96, "mlp_dim": 192,
        "num_heads": 4,
    },
    "DynUNet": {
        "kernel_size": [3, 3, 3, 3], "strides": [1, 2, 2, 2], "upsample_kernel_size": [2, 2, 2],
        "filters": [12, 24, 48, 96], "norm_name": ["INSTANCE", {"affine": True}],
    },
}  # fmt: skip
BASELINES = ("inpainted", "zero", "shuffled")
METHODS: dict[str, tuple[str, dict]] = {
    "deeplift, live": ("deeplift", {}),
    "deeplift, frozen": ("deeplift", {"statistics": "frozen"}),
    "deepshap, live": ("deepshap", {}),
    "deepshap, frozen": ("deepshap", {"statistics": "frozen"}),
    "halves": ("deeplift_halves", {}),
}
WITHOUT_BASELINE: dict[str, tuple[str, dict]] = {
    "AttnLRP": ("attn_lrp", {}),
    "CP-LRP (epsilon)": ("epsilon", {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--patients", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    options = parser.parse_args()
    if options.patients < 2:
        parser.error("--patients: give 2 or more, as each is the shuffled baseline of another")
    torch.set_num_threads(options.threads)
    config = yaml.safe_load(options.config.read_text())
    folders = sorted((options.results / "preprocessed").glob("*/image.nii"))
    if len(folders) <= options.patients:
        parser.error(f"{options.results}/preprocessed holds {len(folders)} patients; too few")
    sequences = config["sequences"]
    patients = [
        load_patient(path.parent.name, path, path.with_name("label.nii.gz"), sequences, sequences)
        for path in folders
    ]
    images = dict(zip([patient.name for patient in patients], folders, strict=True))
    trained_on, tested = patients[: -options.patients], patients[-options.patients :]
    for name in options.networks:
        network = trained(name, trained_on, config, options.steps)
        dice = np.median([dice_in_crop(network, patient) for patient in tested])
        print(f"\n{name}: {options.steps} steps, {len(tested)} patients, median Dice {dice:.2f}")
        tables = [
            compared(network, patient, other, images)
            for patient, other in zip(tested, tested[1:] + tested[:1], strict=True)
        ]
        table = pd.concat(tables).groupby(["baseline", "method"], sort=False)
        print(
            table.median(numeric_only=True).round(2).reset_index().to_markdown(index=False),
            flush=True,
        )


def trained(name: str, patients: list[TrainingPatient], config: dict, steps: int) -> nn.Module:
    torch.manual_seed(config["seed"])
    settings = {
        **config["training"],
        "steps": steps,
        "patch": list(SIZE[::-1]),
        "precision": "float32",
        "learning_rate": 0.002,
    }
    state = new_state(build_network(name, NETWORKS[name], len(config["sequences"])), settings)
    for step in range(steps):
        batch = draw_batch(patients, settings, config["seed"], step)
        loss = train_step(state, batch, settings, step)
        if step % 50 == 0 or step == steps - 1:
            print(f"{name}, step {step}: loss {loss:.3f}", flush=True)
    return state.network.eval()


def crop_around_largest_lesion(patient: TrainingPatient) -> tuple[slice, ...]:
    (lesions,) = patient.lesions  # one class
    centre = max(lesions, key=len).mean(0)
    starts = [
        int(np.clip(middle - length / 2, 0, whole - length))
        for middle, length, whole in zip(centre, SIZE, patient.classes.shape, strict=True)
    ]
    return tuple(slice(a, a + length) for a, length in zip(starts, SIZE, strict=True))


@torch.no_grad()
def dice_in_crop(network: nn.Module, patient: TrainingPatient) -> float:
    crop = crop_around_largest_lesion(patient)
    truth = patient.classes[crop] == 1
    predicted = network(patient.image.float()[None, :, *crop])[0].argmax(0) == 1
    return float(2 * (truth & predicted).sum() / (truth.sum() + predicted.sum()))


def baseline_of(
    kind: str, patient: TrainingPatient, other: TrainingPatient, images: dict[str, Path]
) -> Tensor:
    """Baseline (C, D, H, W) of the whole image, as a study has it; `other` is the donor."""
    image = patient.image.float().numpy()
    donor = None
    if kind == "shuffled":
        both = [read_image(images[one.name], f"patient {one.name}") for one in (other, patient)]
        donor = stretched_onto(*both)
    return torch.from_numpy(
        baseline_image(
            kind,
            image,
            patient.classes.numpy(),
            patient.name,
            patient.spacing,
            np.ones(image.shape, bool),
            donor,
        )
    )


def compared(
    network: nn.Module, patient: TrainingPatient, other: TrainingPatient, images: dict[str, Path]
) -> pd.DataFrame:
    """One row per baseline and method: how near it comes to exact Shapley values, and its cost."""
    crop = crop_around_largest_lesion(patient)
    image = patient.image.float()[:, *crop]
    lesion = patient.classes[crop] == 1

    def margin(one: Tensor) -> Tensor:
        logits = network(one)[0]
        return logits[1] - logits[0]

    with torch.no_grad():
        margin(image[None])
        _, forward = timed(lambda: margin(image[None]))
    explainer = Explainer(network, image)
    unaided = {
        label: timed(method)
        for label, method in without_baseline(explainer, image, lesion, margin).items()
    }
    rows = []
    for kind in BASELINES:
        baseline = baseline_of(kind, patient, other, images)[:, *crop]
        truth = shapley_values(margin, image, baseline)[0][:, lesion].sum(1).double()
        found = {
            label: timed(parts_under(explainer, image, lesion, composite, baseline, given))
            for label, (composite, given) in METHODS.items()
        }
        for label, (parts, seconds) in {**found, **unaided}.items():
            shares, exact = (values / values.sum() for values in (parts.double(), truth))
            rows.append({
                "baseline": kind,
                "method": label,
                "tau": kendalltau(shares, exact).statistic,
                "L1": float((shares - exact).abs().sum()),
                "sum of parts / change": float(parts.sum() / truth.sum()),
                "passes": seconds / forward,
            })  # fmt: skip
    return pd.DataFrame(rows)


def parts_under(
    explainer: Explainer,
    image: Tensor,
    lesion: Tensor,
    composite: str,
    baseline: Tensor | None,
    options: dict,
) -> Callable[[], Tensor]:
    """A method that gives the part of every sequence in the margin of the lesion, (C,)."""
    given = options if baseline is None else {**options, "baseline": baseline}
    chosen = explainer.with_composite(composite, **given)
    return lambda: chosen.explain(image, (1, 0)).sequence_parts[:, lesion].sum(1)


def without_baseline(
    explainer: Explainer, image: Tensor, lesion: Tensor, margin: Callable[[Tensor], Tensor]
) -> dict[str, Callable[[], Tensor]]:
    """Methods without a baseline by label."""

    def gradient_times_input() -> Tensor:
        leaf = image[None].clone().requires_grad_()
        margin(leaf)[lesion].sum().backward()
        return (leaf.grad * leaf.detach())[0].sum((1, 2, 3))

    rules = {
        label: parts_under(explainer, image, lesion, composite, None, given)
        for label, (composite, given) in WITHOUT_BASELINE.items()
    }
    return {**rules, "gradient times input": gradient_times_input}


def timed(method: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """What a method gives, and its processor time in seconds."""
    start = time.process_time()
    result = method()
    return result, time.process_time() - start


if __name__ == "__main__":
    main()
