"""How far results move on another processor or with another number of cores.

python benchmarks/machines.py [configuration] [--keep folder]

Run it in the project's folder, by default on config/quick.yaml. Libraries choose their code by the
instructions of the processor. Here they are kept from those of AVX-512, as on processors without
them: once from the first image on, and once from the images and the network of the first run on.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pandas as pd

from mrelevance.files import read_table
from mrelevance.images import read_image, to_array

PROJECT = Path(__file__).parents[1]
NO_AVX512 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
# Name, cores, variables, and whether it starts from the images and the network of the first run.
RUNS = [
    ("one core, same network", "1", {}, True),
    ("no AVX-512, same network", "all", NO_AVX512, True),
    ("no AVX-512", "all", NO_AVX512, False),
    ("one core", "1", {}, False),
]
TABLES = ("scores", "relevance", "agreement_summary")
TARGETS = [f"results/summary/{table}.tsv" for table in TABLES]
FROM_NETWORK_ON = ["predict_patient", "relate_patient", "relate_peers", "measure_shapley"]
SHARE_KEYS = ["patient", "composite", "target", "region", "lesion", "sequence"]


def run(folder: Path, config: Path, cores: str, variables: dict, from_network: bool) -> Path:
    """Run the study in the folder; its results."""
    options = ["--rerun-triggers", "mtime", "--forcerun", *FROM_NETWORK_ON] if from_network else []
    command = ["snakemake", "--quiet", "all", "--cores", cores, "--directory", folder]
    command += ["--snakefile", PROJECT / "Snakefile", "--configfile", config]
    command += [*options, "--", *TARGETS]
    subprocess.run(command, cwd=PROJECT, env=os.environ | variables, check=True)
    return folder / "results"


def largest_difference(first: pd.DataFrame, other: pd.DataFrame, column: str) -> float:
    """The largest absolute difference between two tables' columns, row by row."""
    joined = first.join(other, suffixes=("", "_other"), how="outer")
    return (joined[column] - joined[f"{column}_other"]).abs().max()


def tumour_shares(results: Path) -> pd.DataFrame:
    """Shares of the predicted tumour by patient, composite and sequence, the measured ones too."""
    shares = read_table(results / "summary/relevance.tsv")
    shares = shares[shares["region"] == "tumour"].set_index(SHARE_KEYS)
    return shares[["relevance_pooled"]]


def compare(first: Path, other: Path) -> dict:
    """What differs between the results of two runs, at most."""
    preprocessed = [path.relative_to(first) for path in first.glob("preprocessed/*/image.nii")]
    images = max(
        abs(to_array(read_image(first / path)) - to_array(read_image(other / path))).max()
        for path in preprocessed
    )
    segmented = [path.relative_to(first) for path in first.glob("prediction/*/segmentation.nii.gz")]
    flipped = total = 0
    for path in segmented:
        one, two = (to_array(read_image(results / path)) > 0 for results in (first, other))
        flipped += int((one != two).sum())
        total += int(one.sum())
    shares = [tumour_shares(results) for results in (first, other)]
    scores = [
        read_table(path / "summary/scores.tsv").set_index("patient") for path in (first, other)
    ]
    medians = [table.groupby(["composite", "sequence"]).median() for table in shares]
    verdicts = [
        read_table(path / "summary/agreement_summary.tsv").set_index("composite")["verdict"]
        for path in (first, other)
    ]
    return {
        "image": images,
        "tumour_voxels_changed": flipped / total,
        "dice": largest_difference(*scores, "dice"),
        "share": largest_difference(*shares, "relevance_pooled"),
        "median_share": largest_difference(*medians, "relevance_pooled"),
        "verdicts_changed": int((verdicts[0] != verdicts[1]).sum()),
    }


def main() -> None:
    """Print one line per run, each against the first."""
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
