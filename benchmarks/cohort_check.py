"""Seconds that the check of a cohort's headers takes, by number of patients.

Writes a cohort of noise, whose images all differ, to a temporary folder:

    python benchmarks/cohort_check.py --patients 100 --size 256 256 160
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from mrelevance.cohort.checking import check_cohort

SEQUENCES = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]


def made_cohort(folder: Path, patients: int, size: list[int]) -> dict[str, dict[str, str]]:
    """Write a cohort whose images all differ, and give its sample sheet."""
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 1000, size[::-1], dtype=np.int16)
    sheet = {}
    for number in range(patients):
        row = {}
        for place, column in enumerate([*SEQUENCES, "label"]):
            # One voxel is enough to tell two images apart.
            voxels[0, 0, 0] = number * 10 + place
            image = sitk.GetImageFromArray(voxels)
            image.SetOrigin((float(number), 0, 0))
            row[column] = f"{number}_{column}.nii.gz"
            sitk.WriteImage(image, str(folder / row[column]), compressionLevel=1)
        sheet[f"P{number}"] = row
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--size", type=int, nargs=3, default=[96, 96, 40])
    options = parser.parse_args()
    configuration = {
        "sequences": SEQUENCES,
        "fixed_sequence": "T1-15min",
        "cohort": {"nifti_geometry": None},
        "preprocess": {"spacing_mm": None},
    }
    with TemporaryDirectory() as place:
        folder = Path(place)
        sheet = made_cohort(folder, options.patients, options.size)
        start, computed = time.perf_counter(), time.process_time()
        problems = check_cohort(configuration, sheet, folder)
        seconds, computed = time.perf_counter() - start, time.process_time() - computed
    print(f"{options.patients} patients: {seconds:.1f} s, {computed:.1f} s of it computing")
    for problem in problems:
        print(problem)


if __name__ == "__main__":
    main()
