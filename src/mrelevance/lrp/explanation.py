"""What can be computed from the trace of one image: normalisers, shares, maps, conservation."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.mirrored_trace import MirroredTrace
from mrelevance.lrp.engine.shapley_trace import ShapleyTrace
from mrelevance.lrp.engine.summed_trace import SummedTrace
from mrelevance.lrp.engine.trace import Trace
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Explanation:
    """The explanation of one target in one image; shapes lack D for networks in 2D.

    Attributes
    ----------
    image
        (1, C, D, H, W).
    trace
        The chain of linear maps around the image, or a sum of such chains.
    """

    image: Tensor
    trace: Trace | ShapleyTrace | MirroredTrace | SummedTrace

    @property
    def logit(self) -> Tensor:
        """Explained logit or margin y, (D, H, W)."""
        return self.trace.output[0, 0]

    @property
    def change(self) -> Tensor:
        """What relevance can add up to, (D, H, W): y, or `y(x) - y(x0)` with a baseline."""
        return self.trace.output_change[0, 0]

    @property
    def baseline_contrast(self) -> float | None:
        """How much contrast normalisation finds in the baseline, as a fraction of the image's.

        The smallest over the layers that normalise each image by itself; None if there are none or
        they are frozen. Far below 1, such a layer magnifies what little the baseline holds, and
        neither relevance nor a measurement by replacement says much about the image.
        """
        return self.trace.baseline_contrast

    def input_weighted(self, weights: Tensor) -> Tensor:
        """`y * (L^T v)`, (D, H, W), for weights v (C, D, H, W) of the image's voxels.

        Several weightings (K, C, D, H, W) give (K, D, H, W); each window is traced once for all.
        """
        if weights.ndim == self.image.ndim - 1:
            return self.input_weighted(weights[None])[0]
        weights = weights.to(self.trace.output.device)
        return torch.cat(self.trace.forward_mode(list(weights[:, None])))[:, 0]

    @cached_property
    def sequence_parts(self) -> Tensor:
        """Part of the relevance of every output voxel that each sequence has, (C, D, H, W)."""
        return self.trace.sequence_parts()[:, 0]

    @cached_property
    def normalisers(self) -> Tensor:
        """`N_a`, the sum of the relevance map of each output voxel, (D, H, W)."""
        if "sequence_parts" in self.__dict__:
            return self.sequence_parts.sum(0)
        return self.input_weighted(torch.ones_like(self.image[0]))

    @property
    def shares(self) -> Tensor:
        """Fraction of each output voxel's relevance from each sequence, (C, D, H, W).

        They sum to 1 over the sequences. They are NaN where `N_a` is exactly zero.
        """
        return self.sequence_parts / self.sequence_parts.sum(0)

    @property
    def standard_error(self) -> Tensor | None:
        """Of the sequence parts, (C, D, H, W), where orders of joining were sampled; else None."""
        return getattr(self.trace, "standard_error", None)

    def included(self, region: Tensor, tau: float) -> Tensor:
        """Voxels of a region whose normaliser is large enough to divide by, (D, H, W).

        These are the voxels with `N_a / y >= tau`. With a baseline, `N_a` is a difference of two
        logits and may have either sign; the condition is then `|N_a| >= tau |y|`.
        """
        ratio = self.normalisers / self.logit
        if self.trace.with_baseline:
            ratio = ratio.abs()
        return region.to(ratio.device) & (ratio >= tau)

    def region(self, region: Tensor, tau: float) -> Tensor:
        """`M_A = sum over a in A of M_a / N_a`, (C, D, H, W), over the voxels included.

        Raises
        ------
        InputError
            The region is empty, or none of its voxels is included.
        """
        total = int(region.sum())
        if total == 0:
            raise InputError("the region is empty; give one with at least one voxel")
        included = self.included(region, tau)
        if not included.any():
            raise InputError(
                f"none of the {total} voxels of the region has a normaliser above tau={tau:g} "
                "times its logit; choose another region, target or composite"
            )
        safe = torch.where(included, self.normalisers, 1)
        return self.weighted_map(included / safe)

    def weighted_map(self, multiplier: Tensor) -> Tensor:
        """`sum over a of M_a * multiplier_a`, (C, D, H, W), for a multiplier (D, H, W)."""
        multiplier = multiplier.to(self.trace.output)
        return self.trace.reverse_mode(multiplier[None, None])[0]

    def voxel(self, index: tuple[int, ...]) -> Tensor:
        """`M_a`, the relevance map of the output voxel at an index (d, h, w), (C, D, H, W).

        Raises
        ------
        InputError
            The voxel lies outside the output.
        """
        grid = tuple(self.logit.shape)
        inside = (0 <= i < n for i, n in zip(index, grid, strict=False))
        if len(index) != len(grid) or not all(inside):
            raise InputError(f"voxel {tuple(index)} lies outside the output of {grid} voxels")
        multiplier = torch.zeros_like(self.logit)
        multiplier[tuple(index)] = 1
        return self.weighted_map(multiplier)

    def conservation_by_layer(self, region: Tensor) -> list[dict]:
        """Relevance that enters and leaves each operation when `region` is explained.

        Relevance starts as the logits of the region's voxels. The rows follow its way from the
        output to the image. Their keys are

        - `operation`, `layer`: kind and path;
        - `received`, `passed`: relevance that enters and leaves the operation;
        - `absorbed`: their difference, which biases and stabilisers keep (negative: add);
        - `remaining`: all relevance that is left after this operation, on every path. The last
          one is the sum of the map.

        Raises
        ------
        InputError
            The trace kept no activations, as `keep_values` was False, or the members of an
            ensemble have different layers.
        """
        multiplier = region[None, None].to(self.trace.output)
        chains = self.trace.chains_for(multiplier)
        return _rows_of([_relevance_by_operation(chain, m) for chain, m in chains])


def _relevance_by_operation(
    chain: Trace, multiplier: Tensor
) -> list[tuple[Operation, float, float]]:
    """Operations from the output to the image, with the relevance that enters and leaves each."""
    values = chain.values
    if values is None:
        raise InputError("the trace kept no activations; explain with keep_values=True")
    rows = []

    def relevance(name: str, part: Tensor) -> float:
        return float((values[name].change.double() * part.double()).sum())

    def observe(operation: Operation, received: Tensor, passed: tuple, direct: bool) -> None:
        after = sum(
            float(part.double().sum()) if direct else relevance(name, part)
            for name, part in zip(operation.inputs, passed, strict=True)
            if part is not None
        )
        rows.append((operation, relevance(operation.name, received), after))

    chain.reverse_mode(multiplier, observe)
    return rows


def _rows_of(chains: list[list[tuple[Operation, float, float]]]) -> list[dict]:
    """Rows of `conservation_by_layer`: the relevance of all chains together."""
    if len({tuple(row[0].path for row in chain) for chain in chains}) > 1:
        raise InputError("the members of the ensemble have different layers; explain one of them")
    rows = []
    remaining = None
    for of_chains in zip(*chains, strict=True):
        operation = of_chains[0][0]
        before, after = (sum(row[side] for row in of_chains) for side in (1, 2))
        remaining = (before if remaining is None else remaining) - (before - after)
        rows.append({
            "operation": operation.kind,
            "layer": operation.path,
            "received": before,
            "passed": after,
            "absorbed": before - after,
            "remaining": remaining,
        })  # fmt: skip
    return rows
