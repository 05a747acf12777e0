"""What the trace of one image answers: normalisers, shares, region maps, conservation."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mrelevance.lrp.graph import Operation
from mrelevance.lrp.summed import SummedTrace
from mrelevance.lrp.trace import Trace
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Explanation:
    """The explanation of one target in one image.

    Attributes
    ----------
    image
        (1, C, D, H, W).
    trace
        The chain of linear maps around the image, or a sum of such chains.
    """

    image: Tensor
    trace: Trace | SummedTrace

    @property
    def logit(self) -> Tensor:
        """Explained logit or margin y, (D, H, W)."""
        return self.trace.output[0, 0]

    @property
    def change(self) -> Tensor:
        """What relevance can add up to: y, or `y(x) - y(x0)` where there is a baseline."""
        return self.trace.output_change[0, 0]

    def input_weighted(self, weights: Tensor) -> Tensor:
        """`y * (L^T v)`, (D, H, W), for weights v (C, D, H, W) of the image's voxels.

        Several weightings (K, C, D, H, W) give (K, D, H, W); each window is traced once for all.
        """
        if weights.ndim == 4:
            return self.input_weighted(weights[None])[0]
        return torch.cat(self.trace.tangents(list(weights[:, None])))[:, 0]

    @cached_property
    def sequence_parts(self) -> Tensor:
        """Relevance of every output voxel that stems from each sequence, (C, D, H, W)."""
        sequences = self.image.shape[1]
        only = torch.eye(sequences).to(self.image).view(sequences, 1, sequences, 1, 1, 1)
        return torch.cat(self.trace.tangents(list(only)))[:, 0]

    @cached_property
    def normalisers(self) -> Tensor:
        """`N_a`, the sum of the relevance map of each output voxel, (D, H, W)."""
        if "sequence_parts" in self.__dict__:
            return self.sequence_parts.sum(0)
        return self.input_weighted(torch.ones_like(self.image[0]))

    @property
    def shares(self) -> Tensor:
        """Fraction of each output voxel's relevance from each sequence, (C, D, H, W).

        Sums to 1 over the sequences. Where `N_a` is exactly zero there is nothing to share: NaN.
        """
        return self.sequence_parts / self.sequence_parts.sum(0)

    def included(self, region: Tensor, tau: float) -> Tensor:
        """Voxels of a region whose normaliser is large enough to divide by, (D, H, W).

        Kept are those with `N_a / y >= tau`; where there is a baseline the difference of two
        logits may have either sign, so there `|N_a| >= tau |y|`.
        """
        ratio = self.normalisers / self.logit
        if self.trace.with_baseline:
            ratio = ratio.abs()
        return region & (ratio >= tau)

    def region(self, region: Tensor, tau: float) -> Tensor:
        """`M_A = sum over a in A of M_a / N_a`, (C, D, H, W), over the voxels included.

        All zero where none is.
        """
        included = self.included(region, tau)
        safe = torch.where(included, self.normalisers, 1)
        return self.weighted_map(included / safe)

    def weighted_map(self, multiplier: Tensor) -> Tensor:
        """`sum over a of M_a * multiplier_a`, (C, D, H, W), for a multiplier (D, H, W)."""
        multiplier = multiplier.to(self.trace.output.dtype)
        return self.trace.adjoint(multiplier[None, None])[0]

    def voxel(self, index: tuple[int, int, int]) -> Tensor:
        """`M_a`, the relevance map of one output voxel, (C, D, H, W).

        Raises
        ------
        InputError
            The voxel lies outside the image.
        """
        grid = tuple(self.logit.shape)
        if not all(0 <= i < n for i, n in zip(index, grid, strict=True)):
            raise InputError(f"voxel {tuple(index)} lies outside the output of {grid} voxels")
        multiplier = torch.zeros_like(self.logit)
        multiplier[tuple(index)] = 1
        return self.weighted_map(multiplier)

    def conservation_by_layer(self, region: Tensor) -> list[dict]:
        """Relevance that enters and leaves each operation when `region` is explained.

        Starts from the logits of the region's voxels; operations in the order in which relevance
        passes them, from the output to the image. Keys: `operation`, `layer`, `received`, `passed`,
        `absorbed` (received less passed: what bias and stabiliser keep, negative where they add),
        and `remaining`, what is left of all relevance behind this operation, on whatever paths it
        travels. The last `remaining` is the sum of the map. Needs a trace that kept its values.

        Raises
        ------
        InputError
            The trace kept none: it is of several windows, or of `keep_values=False`.
        """
        values = getattr(self.trace, "values", None)
        if values is None:
            raise InputError(
                "the trace kept no activations; explain in one window with keep_values=True"
            )
        multiplier = region[None, None].to(self.trace.output.dtype)
        remaining = float((self.trace.output_change.double() * multiplier.double()).sum())
        rows = []

        def relevance(name: str, part: Tensor) -> float:
            value = values[name]
            change = value[:1] - value[1:] if len(value) == 2 else value
            return float((change.double() * part.double()).sum())

        def observe(operation: Operation, received: Tensor, passed: tuple, direct: bool) -> None:
            nonlocal remaining
            before = relevance(operation.name, received)
            after = sum(
                float(part.double().sum()) if direct else relevance(name, part)
                for name, part in zip(operation.inputs, passed, strict=True)
                if part is not None
            )
            remaining -= before - after
            rows.append({
                "operation": operation.kind,
                "layer": operation.path,
                "received": before,
                "passed": after,
                "absorbed": before - after,
                "remaining": remaining,
            })  # fmt: skip

        self.trace.adjoint(multiplier, observe)
        return rows
