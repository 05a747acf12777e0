"""Which output of the network is explained."""

import torch

TARGETS = {"margin": (1, 0), "tumour": 1}
"""Explained output by its name in the configuration: tumour minus background, or tumour."""


def target_logit(logits: torch.Tensor, target: str) -> torch.Tensor:
    """Explained output (D, H, W) of logits (2, D, H, W): the margin or the tumour logit."""
    chosen = TARGETS[target]
    if isinstance(chosen, int):
        return logits[chosen]
    positive, negative = chosen
    return logits[positive] - logits[negative]
