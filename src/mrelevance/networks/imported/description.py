"""What surrounds a network, as text: what its file says, and what the user adds to it.

A description is a mapping. It stands in the file of the network, in a YAML or JSON file of the same
name beside it, or is given as an argument; later ones replace earlier ones key by key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mrelevance.networks.deployment import SIGMOID, SOFTMAX, Outputs
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.network_source import described_beside

PAGE = "docs/own-network-formats.md"

MEANINGS = {
    "network": "name and arguments of a network of monai.networks.nets",
    "channels": "names of the channels, in order",
    "outputs": "label value by name of each output, in order",
    "heads": f"{SOFTMAX} or {SIGMOID}",
    "members": "label values of each region in the training labels, by the name of its output",
    "preprocessing": "a list of MONAI transforms, or the settings of this workflow's preprocessing",
    "axes": "zyx or xyz: order of the network's axes in space",
    "window": "voxels along x, y, z that the network sees at once, or whole",
    "overlap": "share by which windows overlap",
    "blending": "gaussian or constant weights of windows",
    "pad_to_window": "whether smaller images are padded with zeros to the window",
    "divisor": "what sizes must be multiples of",
    "facts": "what is known of the training, for the methods text",
}
"""Keys of a description."""

NEEDED = ("channels", "outputs", "heads", "preprocessing", "axes", "window")
DEFAULTS = {
    "members": {}, "overlap": 0.5, "blending": "gaussian", "pad_to_window": False, "divisor": 1,
    "facts": {},
}  # fmt: skip
WHOLE = "whole"
AXES = ("zyx", "xyz")


@dataclass(frozen=True)
class Description:
    """What surrounds a network, complete and checked.

    Attributes
    ----------
    channels
        The network's names of its channels, in order.
    outputs
        What its outputs mean.
    preprocessing
        Settings of this workflow's preprocessing (`fixed_sequence`, `spacing_mm`, `margin_mm`), or
        a list of MONAI transforms.
    axes
        Order of the network's axes in space: `zyx`, as arrays of SimpleITK, or `xyz`, as those of
        nibabel and MONAI.
    window
        Voxels along the network's axes that it sees at once; None: the whole image.
    overlap, blending
        Of windows, see `mrelevance.lrp.Windows`.
    pad_to_window
        Whether smaller images are padded with zeros to the window.
    divisor
        What the sizes of images must be multiples of.
    facts
        What is known of the training, in words.
    """

    channels: tuple[str, ...]
    outputs: Outputs
    preprocessing: dict | list
    axes: str
    window: tuple[int, int, int] | None
    overlap: float
    blending: str
    pad_to_window: bool
    divisor: int
    facts: dict[str, str]


def given_description(
    path: Path, description: Mapping | str | Path | None, channels: Sequence[str] | None = None
) -> dict:
    """What a user says of the network at `path`: by a mapping, or in a file, or beside it.

    `channels` take the place of those of the description.

    Raises
    ------
    InputError
        The file cannot be read, or a key is unknown.
    """
    file = description_file(path, description)
    said = read_mapping(file) if file else dict(description or {})
    check_keys(said, str(file) if file else "description")
    return said | ({} if channels is None else {"channels": list(channels)})


def description_file(path: Path, description: Mapping | str | Path | None) -> Path | None:
    """The file that describes the network at `path`: the one that is given, or the one beside it.

    It ends in `.yaml`, `.yml` or `.json`. None if there is none, or a mapping in its place.
    """
    if isinstance(description, Mapping):
        return None
    if description is not None:
        return Path(description)
    return next(iter(described_beside(path)), None)


def read_mapping(path: Path) -> dict:
    """Content of a YAML or JSON file that holds a mapping.

    Raises
    ------
    InputError
        It does not exist, cannot be read or holds something else.
    """
    try:
        text = path.read_text()
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:150]
        raise InputError(f"{path} cannot be read: {reason}; mend or replace the file") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no keys and values; write it as {PAGE} shows")
    return content


def check_keys(said: Mapping, what: str) -> None:
    """Check that a description has known keys only.

    Raises
    ------
    InputError
        It has another key.
    """
    unknown = [str(key) for key in said if key not in MEANINGS]
    if unknown:
        raise InputError(
            f"{what}: {', '.join(unknown)}: unknown; the keys are {', '.join(MEANINGS)}"
        )


def complete_description(said: Mapping, what: str) -> Description:
    """Check a description and fill in defaults; `what` names the network in errors.

    Raises
    ------
    InputError
        What must be known is missing, or a value is of another kind.
    """
    missing = [key for key in NEEDED if said.get(key) is None]
    outputs = said.get("outputs")
    several = isinstance(outputs, dict) and len(outputs) > 1
    # Regions may overlap, so that the values that they are written with do not tell their classes.
    if said.get("heads") == SIGMOID and several and said.get("members") is None:
        missing.append("members")
    if missing:
        asked = "; ".join(f"{key} ({MEANINGS[key]})" for key in missing)
        raise InputError(
            f"{what} does not say: {asked}. Write these keys into a YAML file beside it, or give "
            f"description={{...}}; {PAGE} has examples"
        )
    said = DEFAULTS | dict(said)
    check = _Check(what)
    channels = check.names("channels", said["channels"])
    names, values = check.outputs(said["outputs"])
    check.one_of("heads", said["heads"], (SOFTMAX, SIGMOID))
    check.one_of("axes", said["axes"], AXES)
    check.one_of("blending", said["blending"], ("gaussian", "constant"))
    check.that("preprocessing", isinstance(said["preprocessing"], dict | list))
    check.that("facts", isinstance(said["facts"], dict))
    check.that("pad_to_window", isinstance(said["pad_to_window"], bool))
    check.that("divisor", _is_whole(said["divisor"]) and said["divisor"] > 0)
    check.that("overlap", isinstance(said["overlap"], int | float) and 0 <= said["overlap"] < 1)
    window = check.window(said["window"])
    if said["heads"] == SOFTMAX:
        check.that("outputs", len(names) > 1)
    return Description(
        channels,
        Outputs(names, said["heads"], values, check.members(said["members"], names)),
        said["preprocessing"],
        said["axes"],
        window[::-1] if window and said["axes"] == "zyx" else window,
        float(said["overlap"]),
        said["blending"],
        said["pad_to_window"],
        said["divisor"],
        {str(key): str(value) for key, value in said["facts"].items()},
    )


class _Check:
    """Checks of values, whose errors name the network and the key."""

    def __init__(self, what: str):
        self.what = what

    def that(self, key: str, holds: bool) -> None:
        if not holds:
            raise InputError(f"{self.what}: {key} must be {MEANINGS[key]}; see {PAGE}")

    def one_of(self, key: str, value: Any, known: tuple[str, ...]) -> None:
        if value not in known:
            raise InputError(f"{self.what}: {key} is {value!r}; give {' or '.join(known)}")

    def names(self, key: str, value: Any) -> tuple[str, ...]:
        listed = isinstance(value, list | tuple) and value and all(map(_is_name, value))
        self.that(key, bool(listed) and len(set(value)) == len(value))
        return tuple(value)

    def outputs(self, value: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
        self.that("outputs", isinstance(value, dict) and bool(value))
        self.that("outputs", all(map(_is_name, value)))
        self.that("outputs", all(_is_whole(v) and 0 <= v < 256 for v in value.values()))
        return tuple(value), tuple(value.values())

    def members(self, value: Any, names: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
        self.that("members", isinstance(value, dict) and set(value) in (set(), set(names)))
        for labels in value.values():
            self.that("members", isinstance(labels, list | tuple) and all(map(_is_whole, labels)))
        return {name: tuple(labels) for name, labels in value.items()}

    def window(self, value: Any) -> tuple[int, int, int] | None:
        if value == WHOLE:
            return None
        lengths = isinstance(value, list | tuple) and len(value) == 3
        self.that("window", lengths and all(_is_whole(n) and n > 0 for n in value))
        return tuple(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
