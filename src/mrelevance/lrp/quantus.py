"""Explanations for the metrics of Quantus (Hedstroem et al., JMLR 2023).

The only module of `mrelevance.lrp` that needs NumPy.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from mrelevance.lrp.drop_in import attribute


def explain(model: nn.Module, inputs: Any, targets: Any, **options: Any) -> np.ndarray:
    """Relevance of a batch of images, in the form that Quantus calls: its `explain_func`.

    Parameters
    ----------
    model
        A classifier, or a segmentation network with `region=` among the options.
    inputs
        (N, C, D, H, W) or (N, C, H, W), an array or a tensor.
    targets
        The class of each image, (N,), or one for all.
    options
        Those of `mrelevance.lrp.attribute`, which Quantus takes as `explain_func_kwargs`:
        `baselines` (required by most composites), `composite`, `region` and others. Arrays are
        accepted in place of tensors.

    Returns
    -------
    numpy.ndarray
        Relevance, of the shape of `inputs`.

    Raises
    ------
    InputError
        See `mrelevance.lrp.attribute`.

    Examples
    --------
    >>> metric = quantus.Sparseness()
    >>> scores = metric(model, x_batch, y_batch, explain_func=explain,
    ...                 explain_func_kwargs={"baselines": 0.0, "composite": "deepshap"})
    """
    # Quantus offers a device of its own; relevance is computed on that of the model.
    options.pop("device", None)
    options = {name: _tensor(value) for name, value in options.items()}
    relevance = attribute(
        model,
        torch.as_tensor(inputs),
        options.pop("baselines", None),
        _tensor(targets),
        **options,
    )
    return relevance.detach().cpu().numpy()


def _tensor(value: Any) -> Any:
    """An array as a tensor; anything else as it is."""
    return torch.as_tensor(value) if isinstance(value, np.ndarray | np.generic) else value
