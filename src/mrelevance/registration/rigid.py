"""Rigid registration: rotation and translation of the whole image."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import SimpleITK as sitk

# A resolution ends when steps become smaller than this, measured at the border of the image.
SMALLEST_STEP_MM = 0.005
HISTOGRAM_BINS = 32
FEWEST_VOXELS = 4  # along an axis, at any resolution


def register_rigid(
    fixed: sitk.Image, moving: sitk.Image, resolutions_mm: list[float], iterations: int
) -> sitk.Euler3DTransform:
    """Find rotation and translation by mutual information (Mattes et al., IEEE TMI 2003).

    Starts from the identity in world coordinates; the centre of rotation is that of the fixed
    image. All voxels are used and one thread sums them, so the result is reproducible.

    Parameters
    ----------
    fixed, moving
        3D images, each on its own grid.
    resolutions_mm
        From coarse to fine; a coarser image stays as it is.
    iterations
        Most iterations per resolution.

    Returns
    -------
    Transform from points of the fixed image to points of the moving image.
    """
    transform = sitk.Euler3DTransform()
    middle = (np.array(fixed.GetSize()) - 1) / 2
    transform.SetCenter(fixed.TransformContinuousIndexToPhysicalPoint(middle.tolist()))
    with _one_thread():
        for resolution in resolutions_mm:
            registration = sitk.ImageRegistrationMethod()
            registration.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
            registration.SetMetricSamplingStrategy(registration.NONE)
            registration.SetInterpolator(sitk.sitkLinear)
            registration.SetOptimizerAsRegularStepGradientDescent(
                learningRate=resolution / 2, minStep=SMALLEST_STEP_MM, numberOfIterations=iterations
            )
            registration.SetOptimizerScalesFromPhysicalShift()
            registration.SetInitialTransform(transform, inPlace=True)
            registration.Execute(_coarse(fixed, resolution), _coarse(moving, resolution))
    return transform


@contextmanager
def _one_thread() -> Iterator[None]:
    # The metric sums over threads in no fixed order, and only this global sets their number.
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _coarse(image: sitk.Image, resolution_mm: float) -> sitk.Image:
    factors = [
        int(np.clip(round(resolution_mm / spacing), 1, max(1, size // FEWEST_VOXELS)))
        for size, spacing in zip(image.GetSize(), image.GetSpacing(), strict=True)
    ]
    return sitk.BinShrink(sitk.Cast(image, sitk.sitkFloat32), factors)
