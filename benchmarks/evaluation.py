"""What every method costs for one patient, in seconds and in forward passes.

    python benchmarks/evaluation.py --results results --threads 1

Takes the network and a test patient (the first, or --patient) of a finished study, and computes the
sequences' relevance in the predicted tumour by each method: the measurement, every composite, and
gradient methods. A forward pass is that of the network on the whole patient, in the precision of
the measurement (bfloat16 by default) and in float32; both are printed. Every method is run after
one warm-up; the best of --repetitions counts.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
import yaml

from mrelevance.attribution.composites import under_composite
from mrelevance.attribution.gradients import GRADIENT_METHODS, RegionOutput
from mrelevance.attribution.inputs import ExplainedPatient, read_explained_patient
from mrelevance.attribution.measurement import Sampling, measure_shapley
from mrelevance.attribution.target import Target
from mrelevance.lrp import Explainer, Windows
from mrelevance.networks.loading import load_network
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.methods import COMPOSITES

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
        for name, method in methods(options.results, explained, config).items()
    }
    table = pd.DataFrame({"seconds": costs})
    unit = table.loc[FORWARD_PASS, "seconds"]
    table["forward passes"] = table["seconds"] / unit
    print(f"patient {patient}, {tuple(explained.image.shape)}, {options.threads} threads")
    print(table.round(2).to_markdown())


def read(results: Path, config: dict, patient: str) -> ExplainedPatient:
    """A patient of a finished study, to be explained."""
    predicted = results / "prediction" / patient
    paths = {
        "image": results / f"preprocessed/{patient}/image.nii",
        "coverage": results / f"preprocessed/{patient}/coverage.nii.gz",
        "channels": results / f"preprocessed/{patient}/channels.json",
        "label": results / f"preprocessed/{patient}/label.nii.gz",
        "segmentation": predicted / "segmentation.nii.gz",
        "regions": predicted / "regions.nii.gz",
        "lesions": predicted / "lesions.tsv",
    }
    explained = read_explained_patient(patient, paths, config["sequences"], "inpainted")
    tumour = {key: mask for key, mask in explained.masks.items() if key[0] == "tumour"}
    return replace(explained, masks=tumour)


def methods(
    results: Path, explained: ExplainedPatient, config: dict
) -> dict[str, Callable[[], object]]:
    """Every method by its name, ready to be called for the first time."""
    network = load_network(results / "model", explained.sequences).requires_grad_(False)
    image, baseline = map(torch.from_numpy, (explained.image, explained.baseline))
    settings, target = config["inference"], Target(config["relevance"]["target"])

    def predictor_in(precision: str) -> Predictor:
        windows = Windows(tuple(settings["window"][::-1]), settings["overlap"])
        divisor = config["network"]["divisor"]
        return Predictor(network, windows, divisor=divisor, precision=precision)

    exact, quick = predictor_in("float32"), predictor_in(config["evaluation"]["precision"])
    exported = Explainer(exact, image)

    def shares(composite: str) -> Callable[[], object]:
        explainer = under_composite(
            exported, composite, baseline, config["relevance"]["statistics"]
        )
        return lambda: explainer.shares(image, target.classes)

    region = torch.from_numpy(explained.masks["tumour", 0])

    def of_region(given: torch.Tensor) -> torch.Tensor:
        return target.of_logits(exact.apply(given[0]))[region].sum()[None]

    def of_gradient(name: str) -> Callable[[], object]:
        # Its gradient is kept, so that every call needs a region of its own.
        return lambda: GRADIENT_METHODS[name](RegionOutput(of_region, image, baseline))

    return {
        FORWARD_PASS: lambda: exact.logits(image, explained.name),
        f"forward pass, {config['evaluation']['precision']}": lambda: quick.logits(
            image, explained.name
        ),
        "exact Shapley values": lambda: measure_shapley(explained, quick, target, Sampling(4, 0)),
        **{f"{name}, shares of every voxel": shares(name) for name in COMPOSITES},
        **{f"{name} of a region": of_gradient(name) for name in GRADIENT_METHODS},
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
