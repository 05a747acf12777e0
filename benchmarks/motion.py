"""Compare the project's motion correction with SimpleITK, elastix and greedy on phantom patients.

    pip install -r benchmarks/requirements.txt
    python benchmarks/motion.py --patients 20
    python benchmarks/motion.py --patients 20 --mask

Registers every moving sequence of new phantom patients to the fixed sequence with every tool that
is installed, on one thread and each tool in a process of its own, and prints one row per tool:

- mean_mm: mean error in the liver, mean over pairs; then the same for each sequence
- p95_mm: 95th percentile of the error in the liver, mean over pairs
- worst_mm: mean error in the liver of the worst pair
- landmarks_mm: mean error of the landmarks, vessel branchings in the liver
- folded: largest share of the body's voxels without a positive Jacobian determinant
- dice, volume_change: agreement of the lesions with themselves after the true motion into the
  moving sequence and the estimated motion back; the change is absolute; means over pairs
- cpu_s: CPU seconds per pair, without reading and conversion
- memory_mb: largest memory that a registration added
- failed: pairs for which the tool ended with an error; they count as not moved

The truth is used for the errors only. With --mask every tool is given the liver in the fixed
sequence.
"""

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import yaml
from motion_tools import Tool, available_tools, use_one_thread
from scipy import ndimage
from tqdm import tqdm

from mrelevance.cohort.patient import PatientImages
from mrelevance.phantom.patient import PhantomPatient, simulate_patient
from mrelevance.phantom.settings import check_settings
from mrelevance.registration.body import body_mask
from mrelevance.registration.jacobian import folded_share
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.images import image_like, to_array

# Margin around the lesions; no tool displaces a lesion further.
NEAR_MM = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=5)
    parser.add_argument("--seed", type=int, default=3, help="of the phantoms; 77 is for tuning")
    parser.add_argument("--mask", action="store_true", help="give the tools the liver's mask")
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    arguments = parser.parse_args()
    config = yaml.safe_load(arguments.config.read_text())
    fixed_sequence = config["fixed_sequence"]
    settings = check_settings(config["phantom"], config["sequences"], fixed_sequence)
    patients = (
        simulate_patient(f"benchmark{number:02d}", settings, arguments.seed)
        for number in range(arguments.patients)
    )
    cases = (
        (patient, fixed_sequence, arguments.mask)
        for patient in tqdm(patients, total=arguments.patients, unit="patient")
    )
    table = compare(available_tools(config["motion"]), measure, cases)
    print(markdown(summarise(table)))


def compare(
    tools: dict[str, Tool], measure: Callable[..., pd.DataFrame], cases: Iterable[tuple]
) -> pd.DataFrame:
    """Join the tables `measure(tool, *case)` of all tools and cases, with a column `tool`.

    Each tool has a process of its own, so that its memory does not count for the next.
    """
    processes = {
        name: ProcessPoolExecutor(1, get_context("spawn"), initializer=use_one_thread)
        for name in tools
    }
    tables = [
        processes[name].submit(measure, tool, *case).result().assign(tool=name)
        for case in cases
        for name, tool in tools.items()
    ]
    for process in processes.values():
        process.shutdown()
    return pd.concat(tables, ignore_index=True)


def measure(tool: Tool, patient: PhantomPatient, fixed_sequence: str, masked: bool) -> pd.DataFrame:
    """Register a patient with a tool; one row per moving sequence."""
    grid = patient.geometry
    images = {
        name: sitk.Cast(image_like(array, grid), sitk.sitkFloat32)
        for name, array in patient.images.items()
    }
    mask = image_like(patient.liver, grid) if masked else None
    given = PatientImages(patient.name, images, fixed_sequence, mask=mask)
    transforms, cost = tool(given)
    body = body_mask(given.fixed)
    rows = []
    for sequence, transform in transforms.items():
        field = displacement_field(transform, grid)
        estimated, true = to_array(field), patient.displacements[sequence]
        errors = np.linalg.norm((estimated - true)[patient.liver], axis=-1)
        dice, volume_change = lesion_agreement(patient.label > 0, true, estimated, grid)
        rows.append(
            {
                "sequence": sequence,
                "error_mm": errors.mean(),
                "error_p95_mm": np.percentile(errors, 95),
                "landmark_error_mm": landmark_error(patient, fixed_sequence, sequence, transform),
                "folded_share": folded_share(field, body),
                "dice": dice,
                "volume_change": volume_change,
                "cpu_s": cost.cpu_s / len(transforms),
                "memory_mb": cost.memory_mb,
                "failed": cost.failed / len(transforms),
            }
        )
    return pd.DataFrame(rows)


def landmark_error(
    patient: PhantomPatient, fixed_sequence: str, sequence: str, transform: sitk.Transform
) -> float:
    """Mean distance in mm of the landmarks in a sequence from those that the transform predicts."""
    places = patient.landmarks.set_index(["sequence", "landmark"])[["x_mm", "y_mm", "z_mm"]]
    pairs = places.loc[fixed_sequence].join(places.loc[sequence], rsuffix="_moved").to_numpy()
    estimated = [transform.TransformPoint(point) for point in pairs[:, :3].tolist()]
    return float(np.linalg.norm(pairs[:, 3:] - estimated, axis=-1).mean())


def lesion_agreement(
    label: np.ndarray, true: np.ndarray, estimated: np.ndarray, grid: sitk.Image
) -> tuple[float, float]:
    """Dice and relative change of volume of lesions after true motion and estimated way back.

    The estimate e maps a voxel p to p + e(p) in the moving sequence. The tissue there comes from
    the point q of the fixed sequence with q + u(q) = p + e(p). The label, interpolated linearly at
    q, is the share of the voxel that lies in a lesion; rounding it to 0 or 1 would hide errors of
    half a voxel.

    Parameters
    ----------
    label
        Boolean, (D, H, W).
    true, estimated
        Displacements u and e in mm, (D, H, W, 3), components x, y, z; the axes of `grid` are those
        of the world.
    """
    spacing = np.array(grid.GetSpacing()[::-1])
    near = ndimage.distance_transform_edt(~label, sampling=spacing) < NEAR_MM
    # (3, N), in voxels along (z, y, x)
    seen = np.argwhere(near).T + (estimated[near][:, ::-1] / spacing).T
    shift = [true[..., 2 - axis] / spacing[axis] for axis in range(3)]
    origin = seen
    for _ in range(20):
        origin = seen - [ndimage.map_coordinates(u, origin, order=1) for u in shift]
    found = ndimage.map_coordinates(label.astype(np.float32), origin, order=1)
    overlap = found[label[near]].sum()
    return float(2 * overlap / (found.sum() + label.sum())), float(found.sum() / label.sum() - 1)


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """One row per tool."""
    tools = table.groupby("tool", sort=False)
    summary = tools.agg(mean_mm=("error_mm", "mean"))
    by_sequence = table.pivot_table("error_mm", "tool", "sequence", sort=False)
    return summary.join(by_sequence).join(
        tools.agg(
            p95_mm=("error_p95_mm", "mean"),
            worst_mm=("error_mm", "max"),
            landmarks_mm=("landmark_error_mm", "mean"),
            folded=("folded_share", "max"),
            dice=("dice", "mean"),
            volume_change=("volume_change", lambda change: change.abs().mean()),
            cpu_s=("cpu_s", "mean"),
            memory_mb=("memory_mb", "max"),
            failed=("failed", "sum"),
            pairs=("error_mm", "size"),
        )
    )


def markdown(table: pd.DataFrame) -> str:
    """Table with its index in front, numbers to three digits."""
    table = table.reset_index()
    rows = [table.columns, ["---"] * len(table.columns), *table.to_numpy(object)]
    return "\n".join(
        "| " + " | ".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in row) + " |"
        for row in rows
    )


if __name__ == "__main__":
    main()
