"""What rounding does to maps of rules that divide by small denominators."""

import warnings
from typing import Any

import torch
from torch import Tensor

LARGEST_ERROR = 1e-3
"""Beyond, fewer than three digits of a map can be trusted."""

SENSITIVE_GAMMA = 0.25
"""Rules with a smaller gamma divide by denominators so small that rounding may matter."""


def is_sensitive(composite: Any, parameters: dict[str, float]) -> bool:
    """Whether maps of a composite are to be compared with double precision."""
    gamma = parameters.get("gamma", SENSITIVE_GAMMA)
    return composite in ("gamma", "epsilon_gamma") and gamma < SENSITIVE_GAMMA


def relative_difference(relevance: Tensor, exact: Tensor) -> float:
    """Size of the difference of a map from that in double precision, relative to the latter."""
    difference = torch.linalg.vector_norm(relevance.double() - exact)
    return float(difference / torch.linalg.vector_norm(exact))


def warn_of_rounding(error: float) -> None:
    """Warn if the relative error of a map is too large."""
    if not error <= LARGEST_ERROR:
        warnings.warn(
            f"rounding changes this map by {error:.1g} of its size; compute it with "
            "dtype=torch.float64",
            stacklevel=3,
        )
