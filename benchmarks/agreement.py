"""How near each method comes to the exact Shapley values, and what it costs.

    python benchmarks/agreement.py --results results --threads 1

Reads the tables of a finished study. Composites of --composites that the study did not compute are
computed here, and so are the halves; the results are not changed. One row per method: L1 distance
of the pooled shares of the predicted tumour (median and largest over the test patients, number of
patients below .05), median of Kendall's tau, patients whose first sequence is right, and the time
of one patient in forward passes (float32; those of a measurement are counted). Gradient methods
give one region; all others give every voxel.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml
from evaluation import FORWARD_PASS, best_of, methods, read
from tqdm import tqdm

from mrelevance.attribution.composites import under_composite
from mrelevance.attribution.inputs import ExplainedPatient
from mrelevance.attribution.shares import HALVES, MEASURED, TUMOUR, share_matrix
from mrelevance.attribution.table import pooled_table
from mrelevance.attribution.target import TARGETS
from mrelevance.evaluation.agreement import agreement
from mrelevance.lrp import Explainer, Windows
from mrelevance.networks.loading import load_network
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.files import read_table

CLOSE = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    parser.add_argument("--composites", nargs="*", default=["deeplift", "deepshap"])
    parser.add_argument("--patients", nargs="*", help="test patients; all if not given")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = yaml.safe_load(options.config.read_text())
    tested = options.results.glob("relevance/*/relevance.tsv")
    patients = options.patients or sorted(path.parent.name for path in tested)
    if not patients:
        parser.error(f"{options.results} holds no relevance/*/relevance.tsv; run the study first")
    tables = [
        of_patient(options.results, config, patient, options.composites)
        for patient in tqdm(patients)
    ]
    relevance = pd.concat(tables, ignore_index=True)
    costs = passes(options.results, config, patients[0], list(relevance["method"].unique()))
    print(f"{len(patients)} patients, {options.threads} threads; cost of patient {patients[0]}")
    print(summary(agreement(relevance), costs).round(3).to_markdown())
    worst = agreement(relevance).query("method == 'deepshap'").nlargest(3, "l1_distance")
    for patient in worst["patient"]:
        shares = {
            method: share_matrix(relevance, method, "relevance_pooled").loc[patient]
            for method in ("deepshap", MEASURED)
        }
        print(f"\n{patient}\n{pd.DataFrame(shares).round(3).to_markdown()}")


def of_patient(results: Path, config: dict, patient: str, composites: list[str]) -> pd.DataFrame:
    """Pooled shares of a patient's predicted tumour by every method."""
    files = ["relevance/{}/relevance", "evaluation/{}/occlusion", "evaluation/{}/shapley"]
    files.append("evaluation/{}/gradient_methods")
    tables = [read_table(results / f"{file.format(patient)}.tsv") for file in files]
    known = pd.concat(tables, ignore_index=True)
    known = known[known["region"] == TUMOUR]
    contributions = known["relevance_pooled"] * known["conservation"]
    halves = sum(
        contributions[known["method"] == name].to_numpy() for name in ("drop_one", "keep_one")
    )
    missing = {name for name in composites if name not in set(known["method"])}
    explained = read(results, config, patient)
    added = {HALVES: halves} if HALVES not in set(known["method"]) else {}
    for name in sorted(missing):
        added[name] = relevance_by(name, results, explained, config)
    new = pooled_table(
        {(TUMOUR, 0): added}, explained.masks, explained.sequences, patient,
        config["relevance"]["target"],
    )  # fmt: skip
    return pd.concat([known, new], ignore_index=True)


def relevance_by(
    composite: str, results: Path, explained: ExplainedPatient, config: dict
) -> np.ndarray:
    """Relevance of every sequence in the predicted tumour, summed over its voxels."""
    network = load_network(results / "model", explained.sequences).requires_grad_(False)
    image, baseline = map(torch.from_numpy, (explained.image, explained.baseline))
    inference = config["inference"]
    windows = Windows(tuple(inference["window"][::-1]), inference["overlap"])
    predictor = Predictor(network, windows, divisor=config["network"]["divisor"])
    exported = Explainer(predictor, image)
    explainer = under_composite(exported, composite, baseline, config["relevance"]["statistics"])
    with torch.no_grad():
        explanation = explainer.explain(image, TARGETS[config["relevance"]["target"]])
        parts = explanation.sequence_parts.numpy()
    return parts[:, explained.masks[TUMOUR, 0]].sum(1, dtype=np.float64)


def passes(results: Path, config: dict, patient: str, names: list[str]) -> dict[str, float]:
    """Cost of every method for a patient, in forward passes."""
    explained = read(results, config, patient)
    count = len(explained.sequences)
    timed = methods(results, explained, config)
    unit = best_of(timed[FORWARD_PASS], 2)
    costs = {MEASURED: 2.0**count, HALVES: 2.0 * count + 2}
    costs |= {"drop_one": count + 1.0, "keep_one": count + 1.0}
    for name in names:
        for timed_name in (f"{name}, shares of every voxel", f"{name} of a region"):
            if timed_name in timed:
                costs[name] = best_of(timed[timed_name], 2) / unit
    return costs


def summary(compared: pd.DataFrame, costs: dict[str, float]) -> pd.DataFrame:
    """One row per method, the nearest first."""
    by_method = compared.groupby("method", sort=False)
    table = pd.DataFrame({
        "median L1": by_method["l1_distance"].median(),
        "worst": by_method["l1_distance"].max(),
        f"below {CLOSE}": by_method["l1_distance"].agg(lambda values: int((values < CLOSE).sum())),
        "median tau": by_method["kendall_tau"].median(),
        "first right": by_method["same_first"].sum(),
    })  # fmt: skip
    table["forward passes"] = [costs.get(method, float("nan")) for method in table.index]
    return table.sort_values("median L1")


if __name__ == "__main__":
    main()
