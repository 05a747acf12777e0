"""Compare results on another processor or with another number of cores.

python benchmarks/machines.py [configuration] [--keep folder]

Run it in the project's folder; the default configuration is config/quick.yaml. Libraries choose
their code by the instructions of the processor. Here AVX-512 is disabled, as on processors without
it: in one run for the whole study, in another one only after the images and the network of the
first run. Everything is computed in float32, because without AVX-512 a forward pass in bfloat16
takes a hundred times as long.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image, to_array

PROJECT = Path(__file__).parents[1]
NO_AVX512 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
# Name, cores, environment variables, and whether images and network are those of the first run.
RUNS = [
    ("one core, same network", "1", {}, True),
    ("no AVX-512, same network", "all", NO_AVX512, True),
    ("no AVX-512", "all", NO_AVX512, False),
    ("one core", "1", {}, False),
]
FLOAT32 = [f"{section}={{precision: float32}}" for section in ("training", "evaluation")]
TABLES = ("scores", "relevance", "agreement_summary")
TARGETS = [f"results/summary/{table}.tsv" for table in TABLES]
FROM_NETWORK_ON = [
    "predict_patient",
    "compute_relevance",
    "compute_gradient_methods",
    "measure_shapley",
]
SHARE_KEYS = ["patient", "method", "target", "region", "lesion", "sequence"]


def run(folder: Path, config: Path, cores: str, variables: dict, from_network: bool) -> Path:
    """Run the study in a folder; return its folder of results."""
    options = ["--rerun-triggers", "mtime", "--forcerun", *FROM_NETWORK_ON] if from_network else []
    command = ["snakemake", "--quiet", "all", "--cores", cores, "--directory", folder]
    command += ["--snakefile", PROJECT / "Snakefile", "--configfile", config, "--config", *FLOAT32]
    command += [*options, "--", *TARGETS]
    subprocess.run(command, cwd=PROJECT, env=os.environ | variables, check=True)
    return folder / "results"


def read_summary(results: Path, table: str, keys: list[str], column: str) -> pd.Series:
    """Read a column of a cohort table, indexed by key columns."""
    return read_table(results / f"summary/{table}.tsv").set_index(keys)[column]


def tumour_shares(results: Path) -> pd.Series:
    """Read the shares of the predicted tumour by patient, method and sequence."""
    shares = read_summary(results, "relevance", SHARE_KEYS, "relevance_pooled")
    return shares[shares.index.get_level_values("region") == "tumour"]


def image_pairs(first: Path, other: Path, pattern: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the voxels of every image of a pattern in the first run, and in the other run."""
    for path in sorted(first.glob(pattern)):
        yield tuple(to_array(read_image(r / path.relative_to(first))) for r in (first, other))


def compare(first: Path, other: Path) -> dict:
    """Compute the largest differences between the results of two runs."""
    both = (first, other)
    segmented = list(image_pairs(*both, "prediction/*/segmentation.nii.gz"))
    shares = [tumour_shares(results) for results in both]
    medians = [values.groupby(["method", "sequence"]).median() for values in shares]
    dice = [read_summary(results, "scores", ["patient"], "dice") for results in both]
    verdicts = [
        read_summary(results, "agreement_summary", ["method"], "verdict") for results in both
    ]
    return {
        "image": max(
            abs(one - two).max() for one, two in image_pairs(*both, "preprocessed/*/image.nii")
        ),
        "tumour_voxels_changed": sum(((one > 0) != (two > 0)).sum() for one, two in segmented)
        / sum((one > 0).sum() for one, _ in segmented),
        "dice": (dice[0] - dice[1]).abs().max(),
        "share": (shares[0] - shares[1]).abs().max(),
        "median_share": (medians[0] - medians[1]).abs().max(),
        "verdicts_changed": (verdicts[0] != verdicts[1]).sum(),
    }


def main() -> None:
    """Print the differences of each run from the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configuration", nargs="?", default="config/quick.yaml", type=Path)
    parser.add_argument("--keep", type=Path, help="a new folder to keep the runs in")
    arguments = parser.parse_args()
    config = arguments.configuration.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        (folder / "first").mkdir(parents=True)
        first = run(folder / "first", config, "all", {}, False)
        rows = {}
        for number, (name, cores, variables, from_network) in enumerate(RUNS):
            again = folder / f"run_{number}"
            if from_network:
                shutil.copytree(folder / "first", again)
            else:
                again.mkdir()
            results = run(again, config, cores, variables, from_network)
            rows[name] = compare(first, results)
            print(pd.DataFrame(rows).T.to_string(float_format="{:.2g}".format), flush=True)


if __name__ == "__main__":
    main()
