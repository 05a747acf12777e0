"""Rigid registration: rotation and translation of the whole image."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import SimpleITK as sitk

# SimpleITK stops a resolution when steps become smaller than this, in mm at the image's border.
SMALLEST_STEP_MM = 0.005
HISTOGRAM_BINS = 32
FEWEST_VOXELS = 4  # along an axis, however coarse the resolution asked for


def register_rigid(
    reference: sitk.Image, moving: sitk.Image, resolutions_mm: list[float], iterations: int
) -> sitk.Euler3DTransform:
    """Find rotation and translation by mutual information (Mattes et al., IEEE TMI 2003).

    Starts from the identity in world coordinates, around the centre of the reference. Every voxel
    counts and one thread adds them up, so that the result repeats exactly.

    Parameters
    ----------
    reference, moving
        3D images, each on its own grid.
    resolutions_mm
        From coarse to fine; an image that is as coarse already stays as it is.
    iterations
        At most, per resolution.

    Returns
    -------
    Maps points of the reference to points of the moving image.
    """
    transform = sitk.Euler3DTransform()
    middle = (np.array(reference.GetSize()) - 1) / 2
    transform.SetCenter(reference.TransformContinuousIndexToPhysicalPoint(middle.tolist()))
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
            registration.Execute(_coarse(reference, resolution), _coarse(moving, resolution))
    return transform


@contextmanager
def _one_thread() -> Iterator[None]:
    # Threads of the metric are set nowhere else, and sum up in an order of their own.
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
