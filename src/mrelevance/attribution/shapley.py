"""Shapley values of the sequences, for every output voxel at once: no rule needed."""

from collections.abc import Callable, Iterator
from itertools import product
from math import factorial

import numpy as np
import torch
from torch import Tensor

from mrelevance.runtime.errors import InputError

MOST_SEQUENCES = 8
"""Above this number the exact values take too many passes, and orders of joining are sampled."""

Coalition = tuple[bool, ...]


@torch.no_grad()
def shapley_values(
    output: Callable[[Tensor], Tensor],
    image: Tensor,
    baseline: Tensor,
    progress: Callable = iter,
    observe: Callable[[Coalition, Tensor], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Shapley value of each sequence in the change of the output from baseline to image.

    Players are the sequences; the value of a coalition is the output for the image whose other
    sequences are the baseline's (Shapley 1953; Lundberg and Lee 2017, eq. 4). All `2^C`
    coalitions are evaluated, so the values are exact and add up to the change (efficiency).

    Parameters
    ----------
    output
        Maps an image (1, C, D, H, W) to a tensor of any shape, such as logits (2, D, H, W).
    image, baseline
        (C, D, H, W).
    progress
        Wraps the list of coalitions, for a progress bar.
    observe
        Called with every coalition, True for the sequences taken from the image, and its output.

    Returns
    -------
    values (C, ...) and change (...), shaped like the output; float32 results of sums in float64.

    Raises
    ------
    InputError
        More than 8 sequences: the number of forward passes doubles with each.
    """
    count = len(image)
    if count > MOST_SEQUENCES:
        raise InputError(
            f"{count} sequences need {2**count} forward passes for exact Shapley values; above "
            f"{MOST_SEQUENCES} sequences take a sample, see sampled_contributions"
        )
    coalitions = list(product((False, True), repeat=count))
    values = change = None
    for coalition in progress(coalitions):
        present = torch.tensor(coalition, device=image.device).view(-1, 1, 1, 1)
        of_coalition = output(torch.where(present, image, baseline)[None])
        if observe:
            observe(coalition, of_coalition)
        of_coalition = of_coalition.double()
        if values is None:
            values = of_coalition.new_zeros(count, *of_coalition.shape)
            change = -of_coalition
        for sequence in range(count):
            values[sequence].add_(of_coalition, alpha=_weight(coalition, sequence))
    change = change + of_coalition
    return values.float(), change.float()


@torch.no_grad()
def sampled_contributions(
    output: Callable[[Tensor], Tensor],
    image: Tensor,
    baseline: Tensor,
    known: dict[Coalition, Tensor],
    permutations: int,
    seed: int,
) -> Iterator[Tensor]:
    """Contribution of each sequence as the sequences join one by one, in random orders.

    Every order is taken together with its reverse, whose error tends to be the opposite (antithetic
    sampling; Mitchell et al., JMLR 2022). The mean of all yielded contributions estimates the
    Shapley values without bias, and each adds up to the change (efficiency).

    Parameters
    ----------
    output, image, baseline
        As for `shapley_values`.
    known
        Outputs of coalitions that are already computed.
    permutations
        Number of orders, even.
    seed
        Of the orders.

    Yields
    ------
    Contributions (C, ...) in float64, the mean of an order and its reverse; `permutations / 2` of
    them.

    Raises
    ------
    InputError
        The number of orders is odd or below 4, which gives no standard error.
    """
    if permutations < 4 or permutations % 2:
        raise InputError(
            f"evaluation.permutations: {permutations} must be even and at least 4, as orders are "
            "taken in pairs and their spread gives the standard error"
        )
    rng = np.random.default_rng(seed)
    for _ in range(permutations // 2):
        order = rng.permutation(len(image))
        yield (
            sum(_joining(output, image, baseline, known, way) for way in (order, order[::-1])) / 2
        )


def _joining(
    output: Callable[[Tensor], Tensor],
    image: Tensor,
    baseline: Tensor,
    known: dict[Coalition, Tensor],
    order: np.ndarray,
) -> Tensor:
    """Contribution (C, ...) of each sequence as they join in one order."""

    def value(present: np.ndarray) -> Tensor:
        coalition = tuple(map(bool, present))
        if coalition in known:
            return known[coalition].double()
        chosen = torch.from_numpy(present).to(image.device).view(-1, 1, 1, 1)
        return output(torch.where(chosen, image, baseline)[None]).double()

    present = np.zeros(len(image), bool)
    before = value(present)
    contributions = before.new_empty(len(image), *before.shape)
    for sequence in order:
        present[sequence] = True
        after = value(present)
        contributions[sequence] = after - before
        before = after
    return contributions


def _weight(coalition: Coalition, sequence: int) -> float:
    """Weight of a coalition's value in the Shapley value of a sequence.

    `s! (C - s - 1)! / C!` for `s` others before it, negative where it is itself absent.
    """
    others = sum(coalition) - coalition[sequence]
    count = len(coalition)
    weight = factorial(others) * factorial(count - others - 1) / factorial(count)
    return weight if coalition[sequence] else -weight


def measurable(values: np.ndarray, output: np.ndarray, tau: float) -> np.ndarray:
    """Voxels (D, H, W) whose change is at least `tau` times the output, and can be divided by.

    `values` are Shapley values (C, D, H, W), `output` the explained logit (D, H, W).
    """
    return np.abs(values.sum(axis=0)) >= tau * np.abs(output)
