"""Motion correction of the project beside SimpleITK's B-spline registration, on phantom patients.

    python benchmarks/motion.py --patients 5

Registers every sequence of fresh phantom patients to the reference, on one thread, and prints per
method and sequence: the mean error in the liver before and after, the 95th percentile over pairs,
the mean error of the landmarks, CPU seconds per pair (reading not counted) and the share of folded
voxels. The truth is read for the errors only.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import SimpleITK as sitk
import torch
import yaml
from tqdm import tqdm

from mrelevance.images import image_like
from mrelevance.motion.body import body_mask
from mrelevance.motion.correct import Correction, correct_patient, folded_share
from mrelevance.motion.quality import Truth, quality_table
from mrelevance.motion.spline import displacement_field
from mrelevance.phantom.patient import PhantomPatient, simulate_patient

MESH_MM = 64
HISTOGRAM_BINS = 32
SAMPLED_SHARE = 0.05  # of the voxels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="of the phantoms, not the study's")
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    config = yaml.safe_load(arguments.config.read_text())
    methods = {
        "mrelevance": lambda images, name: correct_patient(
            images, config["reference"], config["motion"], name
        ),
        "SimpleITK B-spline": lambda images, name: correct_by_mutual_information(
            images, config["reference"]
        ),
    }
    tables = []
    for number in tqdm(range(arguments.patients), unit="patient"):
        patient = simulate_patient(
            f"benchmark{number:02d}",
            config["phantom"],
            config["sequences"],
            config["reference"],
            arguments.seed,
        )
        for name, method in methods.items():
            tables.append(measure(patient, config["reference"], method).assign(tool=name))
    print(summarise(pd.concat(tables)).to_string(float_format="{:.3g}".format))


def measure(
    patient: PhantomPatient, reference: str, method: Callable[[dict, str], dict]
) -> pd.DataFrame:
    images = {name: image_like(array, patient.geometry) for name, array in patient.images.items()}
    start = time.process_time()
    corrections = method(images, patient.name)
    seconds = time.process_time() - start
    fields = {}
    for name, array in patient.displacements.items():
        fields[name] = sitk.GetImageFromArray(array, isVector=True)
        fields[name].CopyInformation(patient.geometry)
    truth = Truth(fields, image_like(patient.liver, patient.geometry), patient.landmarks)
    table = quality_table(patient.name, corrections, reference, truth)
    return table.assign(cpu_s=seconds / len(table))


def correct_by_mutual_information(
    images: dict[str, sitk.Image], reference: str
) -> dict[str, Correction]:
    """Mattes mutual information and L-BFGS on the body, in two resolutions."""
    target = sitk.Cast(images[reference], sitk.sitkFloat32)
    inside = body_mask(target)
    corrections = {}
    for name, image in images.items():
        transform = sitk.Transform(3, sitk.sitkIdentity)
        if name != reference:
            transform = register_by_mutual_information(
                target, sitk.Cast(image, sitk.sitkFloat32), image_like(inside, target)
            )
        folded = folded_share(displacement_field(transform, target), inside)
        moved = sitk.Resample(image, target, transform)
        corrections[name] = Correction(moved, transform, "deformable", *[float("nan")] * 4, folded)
    return corrections


def register_by_mutual_information(
    target: sitk.Image, moving: sitk.Image, mask: sitk.Image
) -> sitk.Transform:
    extent = [n * spacing for n, spacing in zip(target.GetSize(), target.GetSpacing(), strict=True)]
    transform = sitk.BSplineTransformInitializer(target, [round(mm / MESH_MM) for mm in extent], 3)
    registration = sitk.ImageRegistrationMethod()
    registration.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    registration.SetMetricSamplingStrategy(registration.REGULAR)
    registration.SetMetricSamplingPercentage(SAMPLED_SHARE)
    registration.SetMetricFixedMask(mask)
    registration.SetInterpolator(sitk.sitkLinear)
    registration.SetShrinkFactorsPerLevel([2, 1])
    registration.SetSmoothingSigmasPerLevel([1, 0])
    registration.SetOptimizerAsLBFGSB(
        gradientConvergenceTolerance=1e-5,
        numberOfIterations=20,
        maximumNumberOfFunctionEvaluations=30,
    )
    registration.SetInitialTransform(transform, inPlace=True)
    registration.Execute(target, moving)
    return transform


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "before_mm": ("error_before_mm", "mean"),
        "mean_mm": ("error_after_mm", "mean"),
        "p95_mm": ("error_after_mm", lambda errors: errors.quantile(0.95)),
        "worst_mm": ("error_after_mm", "max"),
        "landmarks_mm": ("landmark_error_after_mm", "mean"),
        "folded_share": ("folded_share", "max"),
        "cpu_s": ("cpu_s", "mean"),
        "pairs": ("error_after_mm", "size"),
    }
    per_sequence = table.groupby(["tool", "sequence"], sort=False).agg(**columns)
    overall = table.assign(sequence="all").groupby(["tool", "sequence"]).agg(**columns)
    return pd.concat([per_sequence, overall]).sort_index(level="tool", sort_remaining=False)


if __name__ == "__main__":
    main()
