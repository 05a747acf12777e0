"""From probabilities to the label values that are written."""

import numpy as np
from torch import Tensor

from mrelevance.networks.deployment import SOFTMAX, Outputs


def probabilities_of(logits: Tensor, outputs: Outputs) -> Tensor:
    """Probability of every output, of logits (outputs, D, H, W)."""
    return logits.softmax(0) if outputs.heads == SOFTMAX else logits.sigmoid()


def written_values(probabilities: np.ndarray, outputs: Outputs) -> np.ndarray:
    """Label values, uint8 (D, H, W), of probabilities (outputs, D, H, W); 0 where all are 0.

    `Outputs` says how they are written.
    """
    if outputs.heads == SOFTMAX:
        values = np.array(outputs.values, dtype=np.uint8)[probabilities.argmax(axis=0)]
        return np.where(probabilities.any(axis=0), values, 0).astype(np.uint8)
    written = np.zeros(probabilities.shape[1:], np.uint8)
    for probability, value in zip(probabilities, outputs.values, strict=True):
        written[probability > 0.5] = value
    return written
