"""Inverse of a free-form deformation, as a free-form deformation."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from mrelevance.registration.spline import ORDER, basis

NODES = 2  # per interval of the lattice
# The iteration stops when the change falls below the tolerance, at the latest after these steps.
TOLERANCE_MM = 0.01
MOST_STEPS = 40
# Damping of the fixed-point iteration. With it, the iteration converges where space is stretched up
# to 2.6-fold; undamped, only up to 2-fold.
STEP = 0.75


def inverse_transform(transform: sitk.Transform) -> sitk.Transform:
    """Invert a transform that does not fold: exactly if it is linear, else by another spline.

    The displacement v of the inverse solves v(q) = -u(q + v(q)). It is found by fixed-point
    iteration (Chen et al., Medical Physics 2008) at nodes half as far apart as the control points
    of u, and approximated by a spline with the intervals of u. The spline extends beyond the field
    of view as far as u moves points, so that it brings each of them back.
    """
    if not isinstance(transform, sitk.BSplineTransform):
        return transform.GetInverse()
    mesh = np.array(transform.GetTransformDomainMeshSize())
    axes = np.reshape(transform.GetTransformDomainDirection(), (3, 3))
    interval = np.array(transform.GetTransformDomainPhysicalDimensions()) / mesh
    coefficients = np.reshape(transform.GetParameters(), (3, *(mesh[::-1] + ORDER)))
    # From here on, lengths are in intervals along z, y, x.
    displacement = (np.tensordot(axes.T, coefficients, 1) / interval[:, None, None, None])[::-1]
    reach = np.ceil(np.abs(displacement).max(axis=(1, 2, 3))).astype(int)
    larger = mesh[::-1] + 2 * reach
    nodes = [
        np.arange(NODES * n + 1) / NODES - beyond for n, beyond in zip(larger, reach, strict=True)
    ]
    places = np.stack(np.meshgrid(*nodes, indexing="ij"))
    found = _solve(displacement, places, TOLERANCE_MM / interval.max())
    for axis, n in enumerate(larger):
        fit = np.linalg.pinv(basis(np.arange(NODES * n + 1) / NODES, n))
        found = np.moveaxis(np.tensordot(fit, found, (1, axis + 1)), 0, axis + 1)
    inverse = sitk.BSplineTransform(3, ORDER)
    inverse.SetTransformDomainDirection(transform.GetTransformDomainDirection())
    inverse.SetTransformDomainOrigin(
        (np.array(transform.GetTransformDomainOrigin()) - axes @ (reach[::-1] * interval)).tolist()
    )
    inverse.SetTransformDomainPhysicalDimensions((larger[::-1] * interval).tolist())
    inverse.SetTransformDomainMeshSize(larger[::-1].tolist())
    inverse.SetParameters(np.tensordot(axes * interval, found[::-1], 1).ravel().tolist())
    return inverse


def _solve(displacement: np.ndarray, places: np.ndarray, tolerance: float) -> np.ndarray:
    """Invert the displacement of spline coefficients (3, KD, KH, KW) at places (3, ...)."""
    found = np.zeros_like(places)
    for _ in range(MOST_STEPS):
        step = -STEP * (found + _evaluate(displacement, places + found))
        found += step
        if np.abs(step).max() < tolerance:
            break
    return found


def _evaluate(coefficients: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Evaluate a spline at places (3, ...) in intervals; beyond its border as at the border."""
    intervals = np.reshape(coefficients.shape[1:], (3, *[1] * (places.ndim - 1))) - ORDER
    # The first control point lies one interval before the field of view.
    lattice = np.clip(places, 0, intervals) + 1
    return np.stack(
        [
            ndimage.map_coordinates(one, lattice, order=ORDER, prefilter=False)
            for one in coefficients
        ]
    )
