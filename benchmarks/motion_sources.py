"""Measure motion correction, its expected error and its flags on images from several sources.

    python benchmarks/motion_sources.py --phantoms path/to/phantom-b --brains path/to/open-ms

Own phantoms (as in the default study; with noise, coarse voxels, or moving sequences that cover
part of the body), phantoms of another generator, and real brains with known motion, each with the
default settings, some also with `method: rigid`. Prints one row per source:

- before_mm, mean_mm, worst_mm: mean error in the organ of interest, mean and largest over pairs
- expected_mm: mean of `expected_error_mm`, which knows no truth; ratio: of it to mean_mm
- in_range: share of pairs whose error lies in the range that is given for it
- good, check, failed: flags; cpu_s: CPU seconds per pair, all included

then the rank correlation (Spearman) of expected and true error over the deformable pairs, and how
many pairs that do not belong together are found. --mask gives the liver's mask, where a source has
one.
"""

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from motion import markdown
from motion_cases import (
    COARSE,
    TILT_DEGREES,
    Case,
    acquired,
    brains,
    halved,
    other_phantom,
    own_phantom,
    rigid_motion,
    with_noise,
    with_partial_coverage,
    wrong_pairs,
)
from motion_real import draw_deformation
from motion_tools import use_one_thread
from scipy.stats import spearmanr
from tqdm import tqdm

from mrelevance.registration.correction import correct_patient

RIGID = ", rigid"  # ends the name of a source that is registered rigidly
WRONG_SEQUENCES = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T2"]
THICK = partial(acquired, spacing_mm=[1.0, 1.0, 3.0])
OBLIQUE = partial(acquired, spacing_mm=[1.2, 1.2, 4.0], tilt_degrees=TILT_DEGREES)
STACK = partial(acquired, spacing_mm=[0.5, 0.5, 5.0])
OBLIQUE_STACK = partial(acquired, spacing_mm=[0.5, 0.5, 5.0], tilt_degrees=TILT_DEGREES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phantoms", type=Path, help="phantoms of another generator")
    parser.add_argument("--brains", type=Path, help="holds a folder per patient")
    parser.add_argument("--patients", type=int, default=8, help="of the own phantom")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--mask", action="store_true", help="give the liver's mask")
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    parser.add_argument("--output", type=Path, help="writes the table of all pairs")
    arguments = parser.parse_args()
    config = yaml.safe_load(arguments.config.read_text())
    with ProcessPoolExecutor(2, get_context("spawn"), initializer=use_one_thread) as pool:
        running = [
            pool.submit(measure, case, _settings(case, config["motion"]), arguments.mask)
            for case in cases(arguments, config)
        ]
        rows = [job.result() for job in tqdm(running, unit="patient")]
    table = pd.concat(rows, ignore_index=True)
    if arguments.output:
        table.to_csv(arguments.output, sep="\t", index=False)
    right = table[table["error_mm"].notna()]
    print(markdown(summarise(right)))
    deformed = right[~right["source"].str.endswith(RIGID)]
    correlation = spearmanr(deformed["error_mm"], deformed["expected_error_mm"]).statistic
    shares = (deformed["error_mm"] / deformed["expected_error_mm"]).quantile([0.05, 0.95])
    print(
        f"\n{len(deformed)} deformable pairs: rank correlation of expected and true error "
        f"{correlation:.2f}; 9 of 10 true errors are {shares.iloc[0]:.2f} to "
        f"{shares.iloc[1]:.2f} of the expected one\n"
    )
    wrong = table[table["error_mm"].isna()]
    print(markdown(flags(wrong).join(wrong.groupby("source")["expected_error_mm"].agg(["min"]))))


def cases(arguments: argparse.Namespace, config: dict) -> Iterator[Case]:
    """All patients, source by source."""
    rng = np.random.default_rng(arguments.seed)
    own = list(own_phantom(config, arguments.seed, arguments.patients))
    others = list(other_phantom(arguments.phantoms)) if arguments.phantoms else []
    few = arguments.patients // 2
    yield from own + others
    for group in (own, others):
        yield from (replace(case, source=case.source + RIGID) for case in group[: few + 1])
    yield from (with_noise(case, rng) for case in own[:few])
    yield from (with_noise(case, rng) for case in others)
    yield from own_phantom(config, arguments.seed, few, "own phantom, coarse", **COARSE)
    yield from (with_partial_coverage(case) for case in own[few:])
    for group in (own, others):
        for number, case in enumerate(group):
            sequence = WRONG_SEQUENCES[number % len(WRONG_SEQUENCES)]
            yield from wrong_pairs(case, group[number - 1], sequence)
    if arguments.brains:
        read = partial(brains, arguments.brains, rng)
        deformed = list(read("brain, deformed", draw_deformation, halved, halved))
        yield from deformed
        yield from read("brain, deformed, oblique grid", draw_deformation, THICK, OBLIQUE)
        yield from read("brain, deformed, stacks", draw_deformation, STACK, OBLIQUE_STACK)
        yield from read("brain, moved rigidly", rigid_motion, halved, OBLIQUE)
        yield from read("brain, moved rigidly" + RIGID, rigid_motion, halved, OBLIQUE)
        for number, case in enumerate(deformed):
            yield from wrong_pairs(case, deformed[number - 1], "T2")


def _settings(case: Case, motion: dict) -> dict:
    return motion | {"method": "rigid"} if case.source.endswith(RIGID) else motion


def measure(case: Case, settings: dict, masked: bool) -> pd.DataFrame:
    """Correct a patient; one row per moving sequence."""
    patient = case.patient if masked else replace(case.patient, mask=None)
    start = time.process_time()
    found = correct_patient(patient, settings)
    cpu_s = (time.process_time() - start) / (len(found) - 1)
    rows = []
    for sequence, correction in found.items():
        if sequence == patient.fixed_sequence:
            continue
        true = case.displacements.get(sequence)
        estimated = np.array(
            [correction.transform.TransformPoint(point) for point in case.points.tolist()]
        )
        left = np.nan if true is None else estimated - case.points - true
        rows.append(
            {
                "source": case.source,
                "patient": patient.name,
                "sequence": sequence,
                "before_mm": np.nan if true is None else _mean_length(true),
                "error_mm": np.nan if true is None else _mean_length(left),
                "expected_error_mm": correction.measures.expected_error_mm,
                "expected_error_low_mm": correction.measures.expected_error_low_mm,
                "expected_error_high_mm": correction.measures.expected_error_high_mm,
                "similarity": correction.measures.similarity_after,
                "method": correction.method,
                "flag": correction.flag,
                "reason": correction.reason,
                "cpu_s": cpu_s,
            }
        )
    return pd.DataFrame(rows)


def _mean_length(vectors: np.ndarray) -> float:
    return float(np.linalg.norm(vectors, axis=-1).mean())


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """One row per source of pairs that belong together."""
    inside = table["error_mm"].between(
        table["expected_error_low_mm"], table["expected_error_high_mm"]
    )
    summary = (
        table.assign(inside=inside)
        .groupby("source", sort=False)
        .agg(
            pairs=("error_mm", "size"),
            before_mm=("before_mm", "mean"),
            mean_mm=("error_mm", "mean"),
            worst_mm=("error_mm", "max"),
            expected_mm=("expected_error_mm", "mean"),
            in_range=("inside", "mean"),
            cpu_s=("cpu_s", "mean"),
        )
    )
    summary.insert(5, "ratio", summary["expected_mm"] / summary["mean_mm"])
    return summary.join(flags(table))


def flags(table: pd.DataFrame) -> pd.DataFrame:
    """Number of good, check and failed pairs per source."""
    counts = pd.crosstab(table["source"], table["flag"])
    return counts.reindex(columns=["good", "check", "failed"], fill_value=0)


if __name__ == "__main__":
    main()
