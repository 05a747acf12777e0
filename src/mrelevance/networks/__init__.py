"""Segmentation networks: training, inference, regions of lesions, and what was trained elsewhere.

`from mrelevance.networks import load` reads any trained network. It is looked up when it is asked
for, so that importing one module of this package loads no others.
"""

from importlib import import_module
from typing import Any

PUBLIC = {
    "load": "mrelevance.networks.loading",
    "weights": "mrelevance.networks.loading",
    "Predictor": "mrelevance.networks.predictor",
}
"""Modules of what users import."""


def __getattr__(name: str) -> Any:
    """Import what is public when it is asked for."""
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(PUBLIC[name]), name)
