"""Networks as exported programs (`.pt2`), which need none of their code."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mrelevance.networks.imported.assembling import assembled
from mrelevance.networks.imported.description import (
    WHOLE,
    Description,
    check_keys,
    complete_description,
)
from mrelevance.networks.imported.program_archive import EXTRA, read_program
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError

KIND = "exported program"
AXES = 5
"""Axes of the image that a network takes, (1, C, D, H, W)."""


class ExportedNetwork(nn.Module):
    """An exported program as a network; it is always in evaluation mode.

    Attributes
    ----------
    size
        (D, H, W) that it was exported for; None along an axis that may have any length.
    """

    def __init__(self, program: torch.export.ExportedProgram, size: tuple[int | None, ...]):
        super().__init__()
        self.program = program.module(check_guards=False)
        self.size = size
        self.training = False

    def train(self, mode: bool = True) -> "ExportedNetwork":
        """Change nothing: what was exported has one mode."""
        return self

    def forward(self, image: Tensor) -> Tensor:
        """Map (1, C, D, H, W) to logits (1, outputs, D, H, W).

        Raises
        ------
        InputError
            The image has another size than the program was exported for.
        """
        pairs = zip(image.shape[2:], self.size, strict=True)
        if any(expected is not None and length != expected for length, expected in pairs):
            raise InputError(
                f"the network was exported for images of {in_words(self.size)}, this one has "
                f"{in_words(image.shape[2:])}; give windows of that size"
            )
        return self.program(image)


def load_exported(
    path: Path,
    *,
    given: Mapping,
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Load an exported program.

    Keys of the description that is `given` replace those that the program's own archive holds. One
    that was exported for a fixed size is applied in windows of that size, to which smaller images
    are padded with zeros.

    Raises
    ------
    InputError
        The file holds more than a program, the description is incomplete, or they do not fit.
    """
    stored = read_program(path)
    check_keys(stored.description, f"{path}: {EXTRA}")
    given = stored.description | dict(given)
    image, logits = _shapes(stored.program, path)
    size = tuple(length if isinstance(length, int) else None for length in image[2:])
    described = _described(given, size, path)
    for count, names, of in (
        (image[1], described.channels, "channels"),
        (logits[1], described.outputs.names, "outputs"),
    ):
        if isinstance(count, int) and count != len(names):
            raise InputError(
                f"{path} has {count} {of}, but {len(names)} are named ({', '.join(names)}); give "
                f"the names of all, in order, as {of}"
            )
    return assembled(
        ExportedNetwork(stored.program, size),
        described,
        KIND,
        path,
        {path.name: path},
        precision=precision,
        device=device,
    )


def _described(given: dict, size: tuple[int | None, ...], path: Path) -> Description:
    """The description, with the size of the program as window where it is fixed."""
    fixed = [length for length in size if length is not None]
    if len(fixed) < 3:
        return complete_description(given, str(path))
    backwards = given.get("axes") == "zyx"
    window = list(size[::-1] if backwards else size)
    if given.get("window") not in (None, WHOLE, window, tuple(window)):
        raise InputError(
            f"{path} was exported for images of {in_words(size)}, but window is "
            f"{given['window']}; leave window out, or export the network for that size"
        )
    return complete_description(
        given | {"window": window, "pad_to_window": True, "divisor": 1}, str(path)
    )


def _shapes(program: torch.export.ExportedProgram, path: Path) -> tuple[list[Any], list[Any]]:
    """Shapes of image and logits; lengths that may vary are no integers."""
    signature = program.graph_signature
    (image,) = signature.user_inputs
    (logits,) = signature.user_outputs
    shapes = {
        node.name: list(node.meta["val"].shape)
        for node in program.graph.nodes
        if isinstance(node.meta.get("val"), Tensor)
    }
    for name in (image, logits):
        shape = shapes.get(name, [])
        if len(shape) != AXES or (name == image and shape[0] != 1):
            text = ", ".join(re.sub(r"[^\w*+ ]", "", str(length)) for length in shape)
            raise InputError(
                f"{path} has an image or logits of shape ({text}); export the network for one "
                "image (1, C, D, H, W), whose logits are (1, outputs, D, H, W)"
            )
    return shapes[image], shapes[logits]


def in_words(size: tuple[int | None, ...]) -> str:
    """A size (D, H, W) as text, along x, y, z."""
    return " x ".join("any" if n is None else str(n) for n in reversed(size)) + " voxels"
