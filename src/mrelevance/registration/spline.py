"""Smooth displacement fields: uniform cubic B-splines on a lattice of control points."""

import numpy as np
import SimpleITK as sitk
import torch

from mrelevance.runtime.grids import TOLERANCE_MM

ORDER = 3


def mesh_size(image: sitk.Image, control_spacing_mm: float) -> tuple[int, int, int]:
    """Compute the number of equal intervals (x, y, z), none wider than the control spacing."""
    extent = np.multiply(image.GetSize(), image.GetSpacing())
    return tuple(int(n) for n in np.maximum(1, np.ceil(extent / control_spacing_mm - 1e-6)))


def basis(positions: np.ndarray, intervals: int, derivative: int = 0) -> np.ndarray:
    """Evaluate the cubic B-splines of one axis.

    Parameters
    ----------
    positions
        (N,), in intervals of the lattice, 0 to `intervals` over the field of view.
    intervals
        Number of intervals; there are 3 more control points, the first at -1.
    derivative
        0, 1 or 2, with respect to the position.

    Returns
    -------
    (N, intervals + 3).
    """
    distance = positions[:, None] - (np.arange(intervals + ORDER) - 1)[None]
    side, distance = np.sign(distance), np.abs(distance)
    near, far = distance < 1, (distance >= 1) & (distance < 2)
    if derivative == 0:
        inner, outer = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
    elif derivative == 1:
        inner, outer = side * (1.5 * distance**2 - 2 * distance), -side * (2 - distance) ** 2 / 2
    else:
        inner, outer = 3 * distance - 2, 2 - distance
    return near * inner + far * outer


def expand(coefficients: torch.Tensor, bases: list[torch.Tensor]) -> torch.Tensor:
    """Evaluate a spline on a grid.

    Parameters
    ----------
    coefficients
        (KD, KH, KW, V).
    bases
        One matrix per array axis: (D, KD), (H, KH), (W, KW).

    Returns
    -------
    (D, H, W, V).
    """
    along_d, along_h, along_w = bases
    points_d, points_h, _, values = coefficients.shape
    field = along_w @ coefficients  # (KD, KH, W, V)
    field = along_h @ field.reshape(points_d, points_h, -1)  # (KD, H, W * V)
    field = along_d @ field.reshape(points_d, -1)  # (D, H * W * V)
    return field.reshape(len(along_d), len(along_h), len(along_w), values)


class BendingEnergy:
    """Mean squared second derivative of a displacement field, in 1/mm^2, from its coefficients.

    It is the mean over the field of view of the sum over axis pairs of |d2u / (dp dq)|^2 (Rueckert
    et al., IEEE TMI 1999). Linear displacements have no bending energy.
    """

    def __init__(self, mesh: tuple[int, int, int], extent_mm: np.ndarray):
        # Inner products of the splines' derivatives of order 0, 1 and 2, for each axis.
        self.products = [
            [_inner_products(n, order, extent / n) for order in range(3)]
            for n, extent in zip(mesh[::-1], extent_mm[::-1], strict=True)
        ]
        self.terms = [
            (2 if 1 in orders else 1, orders)
            for orders in [(2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0), (1, 0, 1), (0, 1, 1)]
        ]

    def to(self, like: torch.Tensor) -> "BendingEnergy":
        """Move to the type and device of a tensor."""
        self.products = [[matrix.to(like) for matrix in axis] for axis in self.products]
        return self

    def __call__(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Compute the energy of coefficients (KD, KH, KW, 3) in mm."""
        bent = sum(
            factor
            * expand(coefficients, [axis[n] for axis, n in zip(self.products, orders, strict=True)])
            for factor, orders in self.terms
        )
        return (coefficients * bent).sum()


def _inner_products(intervals: int, derivative: int, interval_mm: float) -> torch.Tensor:
    """Average the products of all pairs of B-splines over the axis, (K, K), float32."""
    nodes, weights = np.polynomial.legendre.leggauss(4)  # exact for polynomials of degree 7
    positions = (np.arange(intervals)[:, None] + (nodes + 1) / 2).ravel()
    values = basis(positions, intervals, derivative) / interval_mm**derivative
    weights = np.tile(weights / 2, intervals) / intervals
    return torch.as_tensor(values.T @ (weights[:, None] * values), dtype=torch.float32)


def refit(coefficients: np.ndarray, mesh: tuple[int, int, int]) -> np.ndarray:
    """Approximate a spline on the lattice of another mesh (x, y, z) by least squares.

    Maps coefficients (KD, KH, KW, 3) to those of the new lattice. Constant and linear fields are
    reproduced exactly.
    """
    for axis, intervals in enumerate(mesh[::-1]):
        old = coefficients.shape[axis] - ORDER
        share = np.linspace(0, 1, 8 * max(old, intervals) + 1)
        change = np.linalg.pinv(basis(share * intervals, intervals)) @ basis(share * old, old)
        coefficients = np.moveaxis(np.tensordot(change, coefficients, (1, axis)), 0, axis)
    return np.ascontiguousarray(coefficients)


def spline_transform(coefficients: np.ndarray, image: sitk.Image) -> sitk.BSplineTransform:
    """Make SimpleITK's transform of a displacement in mm (LPS) over the field of view of an image.

    It maps a point p to p + u(p), and a point outside the field of view to itself. `coefficients`:
    (KD, KH, KW, 3), components x, y, z.
    """
    transform = sitk.BSplineTransform(3, ORDER)
    transform.SetTransformDomainDirection(image.GetDirection())
    transform.SetTransformDomainOrigin(image.TransformContinuousIndexToPhysicalPoint([-0.5] * 3))
    transform.SetTransformDomainPhysicalDimensions(
        [n * spacing for n, spacing in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    )
    transform.SetTransformDomainMeshSize([n - ORDER for n in coefficients.shape[2::-1]])
    transform.SetParameters(np.moveaxis(coefficients, -1, 0).ravel().astype(float).tolist())
    return transform


def displacement_field(transform: sitk.Transform, image: sitk.Image) -> sitk.Image:
    """Compute the displacement T(p) - p of a transform in mm (LPS) at the voxels of an image.

    Returns a vector image, float64. A spline whose lattice spans the field of view of `image` is
    evaluated axis by axis, ten times as fast as point by point.
    """
    if not (isinstance(transform, sitk.BSplineTransform) and _spans(transform, image)):
        return sitk.TransformToDisplacementField(
            transform,
            sitk.sitkVectorFloat64,
            image.GetSize(),
            image.GetOrigin(),
            image.GetSpacing(),
            image.GetDirection(),
        )
    mesh = transform.GetTransformDomainMeshSize()
    coefficients = np.reshape(transform.GetParameters(), (3, *[n + ORDER for n in mesh[::-1]]))
    bases = [
        torch.as_tensor(basis((np.arange(size) + 0.5) / size * intervals, intervals))
        for size, intervals in zip(image.GetSize()[::-1], mesh[::-1], strict=True)
    ]
    values = torch.as_tensor(np.moveaxis(coefficients, 0, -1).copy())
    field = sitk.GetImageFromArray(expand(values, bases).numpy(), isVector=True)
    field.CopyInformation(image)
    return field


def _spans(transform: sitk.BSplineTransform, image: sitk.Image) -> bool:
    """Whether the lattice of a spline runs along the axes of an image and spans all of it."""
    extent = np.multiply(image.GetSize(), image.GetSpacing())
    corner = image.TransformContinuousIndexToPhysicalPoint([-0.5] * 3)
    return (
        np.allclose(transform.GetTransformDomainDirection(), image.GetDirection(), atol=1e-4)
        and np.allclose(transform.GetTransformDomainOrigin(), corner, atol=TOLERANCE_MM)
        and np.allclose(transform.GetTransformDomainPhysicalDimensions(), extent, atol=TOLERANCE_MM)
    )
