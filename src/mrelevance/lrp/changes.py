"""Which changes of the image a composite explains; their explanations add up."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.shapley import EXACT_SEQUENCES
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Change:
    """A change between two images; by default, from the baseline to the image.

    Attributes
    ----------
    weight
        Of its explanation in the sum.
    sequence
        The only sequence that changes; None for all.
    alone
        Whether the other sequences are at their baseline meanwhile, instead of in the image.
    start, stop
        On the straight path from the image (0) to the baseline (1).
    draw
        Number of the sample of orders in which sequences join; None where none are drawn.
    """

    weight: float = 1.0
    sequence: int | None = None
    alone: bool = False
    start: float = 0.0
    stop: float = 1.0
    draw: int | None = None

    def of(self, image: Pair) -> Pair:
        """The two images (1, C, D, H, W) of this change, `stop` taken as the baseline."""
        x, x0 = image.image, image.baseline
        if x0 is None:
            return image
        if self.sequence is not None:
            space = [1] * (x.ndim - 2)
            chosen = torch.arange(x.shape[1], device=x.device) == self.sequence
            chosen = chosen.view(-1, *space)
            if self.alone:
                x = torch.where(chosen, x, x0)
            else:
                x0 = torch.where(chosen, x0, x)
        if (self.start, self.stop) == (0.0, 1.0):
            return Pair(x, x0)
        return Pair(torch.lerp(x, x0, self.start), torch.lerp(x, x0, self.stop))


@dataclass(frozen=True)
class Plan:
    """What a composite explains in an image of several sequences.

    Attributes
    ----------
    changes
        Their explanations add up.
    shapley
        Whether every sequence has slopes of its own, from the Shapley values of activations.
    orders
        Samples of orders in which sequences join, (draws, orders, C), for many sequences.
    """

    changes: list[Change] = field(default_factory=lambda: [Change()])
    shapley: bool = False
    orders: Tensor | None = None


def by_sequence(sequences: int) -> Plan:
    """One sequence at a time: what is lost when it is taken out of the image."""
    return Plan([Change(sequence=sequence) for sequence in range(sequences)])


def halves(sequences: int) -> Plan:
    """One sequence at a time: the mean of taking it out of the image and putting it in alone."""
    return Plan([
        Change(weight=0.5, sequence=sequence, alone=alone)
        for sequence in range(sequences)
        for alone in (False, True)
    ])  # fmt: skip


def along_path(sequences: int, segments: float = 4) -> Plan:
    """Equal steps from the baseline to the image."""
    segments = _whole_number("segments", segments)
    steps = range(segments)
    return Plan([Change(start=step / segments, stop=(step + 1) / segments) for step in steps])


def shapley(sequences: int, orders: float = 64, seed: float = 0) -> Plan:
    """The whole change, shared out at every activation; beyond 8 sequences by sampled orders.

    Half of the orders are one sample, half another; the difference between the two tells the error.
    Every order is used forwards and backwards, which makes the error smaller; hence their number is
    a multiple of 4.
    """
    orders, seed = _whole_number("orders", orders, least=4), _whole_number("seed", seed, least=0)
    if orders % 4:
        raise InputError(
            f"orders={orders} must be a multiple of 4, for two samples of orders that are used "
            "forwards and backwards"
        )
    if sequences <= EXACT_SEQUENCES:
        return Plan(shapley=True)
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randperm(sequences, generator=generator) for _ in range(orders // 2)]
    both_ways = torch.stack([order for one in drawn for order in (one, one.flip(0))])
    changes = [Change(weight=0.5, draw=draw) for draw in range(2)]
    return Plan(changes, shapley=True, orders=both_ways.view(2, -1, sequences))


PLANS: dict[str, Callable[..., Plan]] = {
    "deeplift_by_sequence": by_sequence,
    "deeplift_halves": halves,
    "deeplift_along_path": along_path,
    "deepshap": shapley,
}
"""Plans of the composites that do not simply explain the change from the baseline to the image."""


def _whole_number(name: str, number: float, least: int = 1) -> int:
    if number != int(number) or number < least:
        raise InputError(f"{name}={number} must be a whole number, {least} or more")
    return int(number)
