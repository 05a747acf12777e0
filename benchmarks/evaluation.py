"""What every method costs for one patient, in seconds and in forward passes.

    python benchmarks/evaluation.py --results results --threads 1

Takes network and a test patient (the first, or --patient) of a finished study, and asks each method
for the sequences' relevance in the predicted tumour: the measurement, every composite, and the
methods of others. A forward pass is that of the network on the whole patient, in the precision of
the measurement (bfloat16 by default) and in float32; both are printed. Every method is run after
one warm-up; the best of --repetitions counts.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
import yaml

from mrelevance.attribution.gradients import gradient_map, integrated_gradients_map
from mrelevance.attribution.inputs import ExplainedPatient, read_explained_patient
from mrelevance.attribution.measurement import measure_sequences
from mrelevance.attribution.target import TARGETS, target_logit
from mrelevance.lrp import Explainer, Windows
from mrelevance.lrp.composites import COMPOSITES, FROM_BASELINE
from mrelevance.networks.inference import PaddedNetwork, predict_logits
from mrelevance.networks.precision import autocast

FORWARD_PASS = "forward pass, float32"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    parser.add_argument("--patient", help="a test patient; the first one if not given")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = yaml.safe_load(options.config.read_text())
    tested = sorted(path.parent.name for path in options.results.glob("relevance/*/relevance.tsv"))
    if not tested:
        parser.error(f"{options.results} holds no relevance/*/relevance.tsv; run the study first")
    patient = options.patient or tested[0]
    explained = read(options.results, config, patient)
    costs = {
        name: best_of(method, options.repetitions)
        for name, method in methods(explained, config, patient).items()
    }
    table = pd.DataFrame({"seconds": costs})
    unit = table.loc[FORWARD_PASS, "seconds"]
    table["forward passes"] = table["seconds"] / unit
    print(f"patient {patient}, {tuple(explained.image.shape)}, {options.threads} threads")
    print(table.round(2).to_markdown())


def read(results: Path, config: dict, patient: str) -> ExplainedPatient:
    """What the explanation of a patient of a finished study starts from."""
    predicted = results / "prediction" / patient
    paths = {
        "weights": results / "model/weights.pt",
        "image": results / f"preprocessed/{patient}/image.nii",
        "label": results / f"preprocessed/{patient}/label.nii.gz",
        "segmentation": predicted / "segmentation.nii.gz",
        "regions": predicted / "regions.nii.gz",
        "lesions": predicted / "lesions.tsv",
    }
    return read_explained_patient(patient, paths, config["sequences"], "inpainted")


def methods(
    explained: ExplainedPatient, config: dict, patient: str
) -> dict[str, Callable[[], object]]:
    """Every method by its name, ready to be called for the first time."""
    network = explained.network.requires_grad_(False)
    image, baseline = map(torch.from_numpy, (explained.image, explained.baseline))
    tumour = {("tumour", 0): explained.masks["tumour", 0]}
    settings, target = config["inference"], config["relevance"]["target"]
    divisor = config["network"]["divisor"]

    def logits(given: torch.Tensor) -> torch.Tensor:
        return predict_logits(network, given[0], settings["window"], settings["overlap"], divisor)

    def margin(given: torch.Tensor) -> torch.Tensor:
        return target_logit(logits(given), target)

    def quick(given: torch.Tensor) -> torch.Tensor:
        with autocast(given.device, config["evaluation"]["precision"]):
            return logits(given)

    def forward(passes: Callable) -> Callable[[], object]:
        return lambda: torch.no_grad()(passes)(image[None])

    exported = Explainer(
        PaddedNetwork(network, divisor).eval(),
        image,
        windows=Windows(tuple(settings["window"][::-1]), settings["overlap"]),
    )

    def shares(composite: str) -> Callable[[], object]:
        given = {"baseline": baseline} if composite in FROM_BASELINE else {}
        explainer = exported.with_composite(composite, **given)
        return lambda: explainer.shares(image, TARGETS[target])

    region = torch.from_numpy(tumour["tumour", 0])

    def of_region(given: torch.Tensor) -> torch.Tensor:
        return margin(given)[region].sum()[None]

    return {
        FORWARD_PASS: forward(logits),
        f"forward pass, {config['evaluation']['precision']}": forward(quick),
        "exact Shapley values": lambda: measure_sequences(
            quick, image, baseline, tumour, target, 4, 0, patient
        ),
        **{f"{name}, shares of every voxel": shares(name) for name in COMPOSITES},
        "gradient of a region": lambda: gradient_map(of_region, image),
        "integrated gradients of a region": lambda: integrated_gradients_map(
            of_region, image, baseline
        ),
    }


def best_of(method: Callable[[], object], repetitions: int) -> float:
    """Shortest time in seconds, after a first call that is not counted."""
    method()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        method()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
