"""Registration tools to compare with this project's, with settings for the phantom.

The settings were tuned on phantom patients of seed 77; compare on others. Every tool runs on one
thread. Only the registration itself is measured, not reading and conversion. The other tools get
the mask with a margin, because they need the border of the liver.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.body import body_mask
from mrelevance.registration.correction import correct_patient
from mrelevance.runtime.images import image_like

PACKAGES = {
    "elastix 64 mm": "itk-elastix",
    "elastix 80 mm": "itk-elastix",
    "greedy": "picsl-greedy",
}
HISTOGRAM_BINS = 32
SIMPLEITK_CONTROL_SPACING_MM = 64
ELASTIX = {
    "Registration": "MultiResolutionRegistration",
    "Metric": "AdvancedMattesMutualInformation",
    "NumberOfHistogramBins": HISTOGRAM_BINS,
    "ImageSampler": "Random",
    "NumberOfSpatialSamples": 2048,
    "MaximumNumberOfIterations": 200,
    "GridSpacingSchedule": (2, 1),
    "ErodeMask": "false",  # erosion would remove the border of the liver again
    "WriteResultImage": "false",
}
ELASTIX_RESOLUTIONS = 2
GREEDY = "-m NCC 2x2x2 -n 100x50x20 -s 8vox 3vox"
MARGIN_MM = 8


@dataclass
class Cost:
    """Cost of a computation: CPU seconds, memory added at its peak, pairs with an error."""

    cpu_s: float = 0.0
    memory_mb: float = 0.0
    failed: int = 0


# Maps a patient to the transforms of the moving sequences, and the cost of all. A transform maps
# points of the fixed sequence to points of the moving one.
Tool = Callable[[PatientImages], tuple[dict[str, sitk.Transform], Cost]]


def available_tools(settings: dict) -> dict[str, Tool]:
    """Find all tools that are installed; `settings` is the configuration's section `motion`.

    Missing tools are named on stderr.
    """
    tools = {
        "none": leave_unmoved,
        "mrelevance": partial(register_with_mrelevance, settings),
        "elastix 64 mm": partial(register_pairs, partial(register_with_elastix, 64)),
        "elastix 80 mm": partial(register_pairs, partial(register_with_elastix, 80)),
        "SimpleITK B-spline": partial(register_pairs, register_with_simpleitk),
        "greedy": partial(register_pairs, register_with_greedy),
    }
    for name, package in PACKAGES.items():
        try:
            version(package)
        except PackageNotFoundError:
            del tools[name]
            print(
                f"{name} is left out: {package} is not installed; "
                "pip install -r benchmarks/requirements.txt",
                file=sys.stderr,
            )
    return tools


def use_one_thread() -> None:
    torch.set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure the cost of what runs in this context."""
    cost = Cost()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    held = _memory_mb("VmRSS")
    start = time.process_time()
    yield cost
    cost.cpu_s = time.process_time() - start
    cost.memory_mb = _memory_mb("VmHWM") - held


def _memory_mb(line: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{line}:")[1].split()[0]) * 1024 / 1e6


def moving_sequences(patient: PatientImages) -> list[str]:
    return [name for name in patient.images if name != patient.fixed_sequence]


def leave_unmoved(patient: PatientImages) -> tuple[dict[str, sitk.Transform], Cost]:
    """Return the identity for every sequence, which all tools are compared with."""
    identity = sitk.Transform(3, sitk.sitkIdentity)
    return dict.fromkeys(moving_sequences(patient), identity), Cost()


def register_with_mrelevance(
    settings: dict, patient: PatientImages
) -> tuple[dict[str, sitk.Transform], Cost]:
    """Register with this project; the cost includes the body, resampling and all measures."""
    with measured() as cost:
        corrections = correct_patient(patient, settings)
    return {name: corrections[name].transform for name in moving_sequences(patient)}, cost


def register_pairs(
    register: Callable[[sitk.Image, sitk.Image, sitk.Image | None], tuple[sitk.Transform, Cost]],
    patient: PatientImages,
) -> tuple[dict[str, sitk.Transform], Cost]:
    """Register every sequence with a function of fixed image, moving image and widened mask.

    If the tool ends with an error, the sequence is not moved and counts as failed.
    """
    transforms, total = {}, Cost()
    mask = patient.mask
    if mask is not None:
        distance = sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True)
        mask = distance <= MARGIN_MM
    for name in moving_sequences(patient):
        try:
            transforms[name], cost = register(patient.fixed, patient.images[name], mask)
        except RuntimeError:
            transforms[name], cost = sitk.Transform(3, sitk.sitkIdentity), Cost(failed=1)
        total.cpu_s += cost.cpu_s
        total.memory_mb = max(total.memory_mb, cost.memory_mb)
        total.failed += cost.failed
    return transforms, total


def register_with_simpleitk(
    fixed: sitk.Image, moving: sitk.Image, mask: sitk.Image | None
) -> tuple[sitk.Transform, Cost]:
    """Cubic B-spline, Mattes mutual information and L-BFGS in two resolutions.

    Without a mask it gets that of the body, which improves its result.
    """
    if mask is None:
        mask = image_like(body_mask(fixed), fixed)
    extent = [n * spacing for n, spacing in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True)]
    mesh = [round(mm / SIMPLEITK_CONTROL_SPACING_MM) for mm in extent]
    transform = sitk.BSplineTransformInitializer(fixed, mesh, 3)
    registration = sitk.ImageRegistrationMethod()
    registration.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    registration.SetMetricSamplingStrategy(registration.REGULAR)
    registration.SetMetricSamplingPercentage(0.05)
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
    with measured() as cost:
        registration.Execute(fixed, moving)
    return transform, cost


def register_with_elastix(
    control_spacing_mm: float, fixed: sitk.Image, moving: sitk.Image, mask: sitk.Image | None
) -> tuple[sitk.Transform, Cost]:
    """Cubic B-spline, Mattes mutual information, adaptive stochastic gradient descent."""
    import itk

    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(1)
    parameters = itk.ParameterObject.New()
    chosen = parameters.GetDefaultParameterMap("bspline", ELASTIX_RESOLUTIONS, control_spacing_mm)
    # The default adds a bending penalty, whose weight would have to be tuned as well.
    chosen.erase("Metric0Weight")
    chosen.erase("Metric1Weight")
    for key, value in ELASTIX.items():
        chosen[key] = [str(one) for one in value] if isinstance(value, tuple) else [str(value)]
    parameters.AddParameterMap(chosen)
    registration = itk.ElastixRegistrationMethod.New(_to_itk(fixed), _to_itk(moving))
    registration.SetParameterObject(parameters)
    registration.SetNumberOfThreads(1)
    if mask is not None:
        registration.SetFixedMask(_to_itk(mask))
    with measured() as cost:
        registration.UpdateLargestPossibleRegion()
    found = registration.GetTransformParameterObject().GetParameterMap(0)
    lattice = ["GridSize", "GridOrigin", "GridSpacing", "GridDirection"]
    transform = sitk.BSplineTransform(3, 3)
    transform.SetFixedParameters([float(number) for name in lattice for number in found[name]])
    transform.SetParameters([float(number) for number in found["TransformParameters"]])
    return transform, cost


def _to_itk(image: sitk.Image):
    import itk

    same = itk.image_from_array(sitk.GetArrayFromImage(image))
    same.SetSpacing(image.GetSpacing())
    same.SetOrigin(image.GetOrigin())
    same.SetDirection(np.reshape(image.GetDirection(), (3, 3)))
    return same


def register_with_greedy(
    fixed: sitk.Image, moving: sitk.Image, mask: sitk.Image | None
) -> tuple[sitk.Transform, Cost]:
    """Normalised cross-correlation and two smoothings of the field, whose widths were tuned.

    Without an affine start: on the tuning patients it did not help (error 1.30 mm, without it
    1.29) and took a second more.
    """
    from picsl_greedy import Greedy3D

    greedy = Greedy3D()
    masked = "-gm mask" if mask is not None else ""
    given = {"fixed": fixed, "moving": moving} | ({"mask": mask} if mask is not None else {})
    with measured() as cost:
        greedy.execute(
            f"-i fixed moving {masked} {GREEDY} -threads 1 -wp 0 -V 0 -o warp",
            out=StringIO(),
            err=StringIO(),
            warp=None,
            **given,
        )
    return sitk.DisplacementFieldTransform(sitk.Cast(greedy["warp"], sitk.sitkVectorFloat64)), cost
