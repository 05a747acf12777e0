"""A second, slow implementation of the Shapley values of activations, order by order.

It shares no code with mrelevance.lrp. Networks are those of `helpers.dense`.
"""

from itertools import permutations

import numpy as np
import torch
from torch import nn

from helpers.dense import trace


def deepshap_parts(network, image, baseline, target) -> list[np.ndarray]:
    """Part of each sequence in every output, all activations shared out over all orders of joining.

    Normalisation has the statistics of the image. A maximum passes on each part's share of the
    neuron that DeepLIFT's cross maximum chooses.
    """
    layers = trace(network, image, target)
    at_baseline = trace(network, baseline, target, statistics_from=layers)
    change = (image - baseline).numpy()[0]
    sequences = len(change)
    parts = {"image": []}
    for sequence in range(sequences):
        only = np.zeros_like(change)
        only[sequence] = change[sequence]
        parts["image"].append(only.ravel())
    for layer, other in zip(layers, at_baseline, strict=True):
        read = [parts[name] for name in layer.step.inputs]
        if layer.step.kind == "add":
            found = [first + second for first, second in zip(*read, strict=True)]
        elif layer.step.kind == "cat":
            found = [np.concatenate(both) for both in zip(*read, strict=True)]
        elif layer.step.kind == "activation":
            found = shared_out(layer.step.module, other.inputs[0], read[0])
        elif layer.step.kind == "maximum":
            rise = layer.output - other.output
            chosen = np.where(rise >= 0, layer.winners, other.winners)
            slope = rise / (layer.inputs[0] - other.inputs[0])[chosen]
            found = [slope * part[chosen] for part in read[0]]
        else:
            found = [layer.matrix @ part for part in read[0]]
        parts[layer.step.name] = found
    return parts[layers[-1].step.name]


def shared_out(module, z0, parts) -> list[np.ndarray]:
    """Shapley values of the parts of an activation function's input, over all orders."""

    def function(z):
        channels = module.num_parameters if isinstance(module, nn.PReLU) else 1
        shaped = torch.from_numpy(z).reshape(1, channels, -1)
        return module(shaped).detach().numpy().ravel()

    orders = list(permutations(range(len(parts))))
    totals = [np.zeros_like(z0) for _ in parts]
    for order in orders:
        present = z0
        for player in order:
            totals[player] += (function(present + parts[player]) - function(present)) / len(orders)
            present = present + parts[player]
    return totals
