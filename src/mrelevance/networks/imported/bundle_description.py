"""What a MONAI bundle says of preprocessing, windows, channels and outputs."""

from typing import Any

from mrelevance.networks.deployment import SIGMOID, SOFTMAX
from mrelevance.networks.imported.description import WHOLE, check_keys
from mrelevance.networks.imported.references import Configuration, Unknown
from mrelevance.networks.imported.transforms import short_name
from mrelevance.runtime.errors import InputError

EMBEDDED = "mrelevance"
"""Key of the metadata that holds a description."""

INFERERS = ("inferer", "inferer_def")
PREPROCESSING = ("preprocessing", "preprocessing_transforms", "pre_transforms", "transforms")
POSTPROCESSING = ("postprocessing", "postprocessing_transforms", "post_transforms")
SLIDING = {"SlidingWindowInferer", "SlidingWindowInfererAdapt"}
SIMPLE = {"SimpleInferer"}

STACK = "ConcatItemsd"
OF_ALL_CHANNELS = {
    "NormalizeIntensityd", "ScaleIntensityd", "ScaleIntensityRangePercentilesd",
    "ClipIntensityPercentilesd",
}  # fmt: skip
"""Transforms that by default take their statistics from all channels together."""

FACTS = {
    "name": "name", "version": "version", "task": "task", "authors": "authors",
    "data_source": "data", "dataset": "data", "monai_version": "MONAI",
    "pytorch_version": "PyTorch",
}  # fmt: skip
"""Keys of the metadata that go into the methods text, and what they are called there."""


def described_by(config: Configuration, metadata: dict, given: dict) -> dict:
    """What the bundle says, with what is given in its place, key by key.

    Only what is not given is read, so that a description can replace what cannot be read.

    Raises
    ------
    InputError
        Something that is not given would have to be computed or is not supported here.
    """
    embedded = metadata.get(EMBEDDED) or {}
    if not isinstance(embedded, dict):
        raise InputError(f"{config.what}: metadata.{EMBEDDED} holds no keys and values; remove it")
    check_keys(embedded, f"{config.what}: metadata.{EMBEDDED}")
    given = embedded | given
    said: dict[str, Any] = {"axes": "xyz", "facts": _facts(metadata)}
    data_format = _mapping(metadata.get("network_data_format"))
    said["channels"] = _channels(data_format)
    if "heads" not in given:
        said["heads"] = _heads(config)
    said["outputs"] = _outputs(data_format, given.get("heads") or said["heads"])
    if "preprocessing" not in given:
        said["preprocessing"] = _transforms(config)
    if "window" not in given:
        said |= _windows(config)
    return said | given


def _mapping(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _facts(metadata: dict) -> dict[str, str]:
    return {
        name: str(metadata[key]) for key, name in FACTS.items() if metadata.get(key) is not None
    }


def _definitions(formats: Any) -> list[str] | None:
    """Names of the channels of the only input or output that has them, by their numbers."""
    named = [
        _mapping(one)["channel_def"]
        for one in _mapping(formats).values()
        if _mapping(_mapping(one).get("channel_def"))
    ]
    if len(named) != 1 or not all(str(key).isdecimal() for key in named[0]):
        return None
    return [str(name) for _, name in sorted(named[0].items(), key=lambda item: int(item[0]))]


def _channels(data_format: dict) -> list[str] | None:
    return _definitions(data_format.get("inputs"))


def _outputs(data_format: dict, heads: str | None) -> dict[str, int] | None:
    """Label value by output: its number with softmax, as the largest logit tells it.

    The value that overlapping outputs are written with is known only of a single one.
    """
    names = _definitions(data_format.get("outputs"))
    if names is None or heads is None or len(set(names)) < len(names):
        return None
    if heads == SOFTMAX:
        return {name: number for number, name in enumerate(names)}
    return {names[0]: 1} if len(names) == 1 else None


def _heads(config: Configuration) -> str | None:
    """What the postprocessing makes of logits."""
    for one in _list_of_transforms(config, POSTPROCESSING) or []:
        name = short_name(str(one.get("_target_")))
        if name == "Activationsd" and one.get("softmax") is True:
            return SOFTMAX
        if name == "Activationsd" and one.get("sigmoid") is True:
            return SIGMOID
        if name == "AsDiscreted" and one.get("argmax") is True:
            return SOFTMAX
    return None


def _transforms(config: Configuration) -> list[dict] | None:
    """Preprocessing of the image; transforms of other keys alone are left out.

    Channels may have a key each until `ConcatItemsd` stacks them. Transforms before it see one
    channel at a time.
    """
    declared = _list_of_transforms(config, PREPROCESSING)
    if declared is None:
        return None
    declared = [one for one in declared if one.get("_disabled_") is not True]
    stacked = [short_name(str(one.get("_target_"))) == STACK for one in declared]
    stack = stacked.index(True) if any(stacked) else 0
    separate = set(_keys_of(declared[stack])) if any(stacked) else set()
    kept = []
    for number, one in enumerate(declared):
        keys = set(_keys_of(one))
        if keys and all("label" in key for key in keys):
            continue
        if number < stack and keys & separate and not keys >= separate:
            raise InputError(
                f"{config.what}: {one.get('_target_')} transforms {', '.join(sorted(keys))} "
                "alone, not all channels; give the description the key preprocessing"
            )
        one = {key: _text(value) for key, value in one.items()}
        if number < stack and short_name(str(one.get("_target_"))) in OF_ALL_CHANNELS:
            one["channel_wise"] = True
        kept.append(one)
    return kept


def _text(value: Any) -> Any:
    """An expression as its text, which is refused where a transform needs its value."""
    return value.expression if isinstance(value, Unknown) else value


def _keys_of(one: dict) -> list[str]:
    keys = one.get("keys")
    return [str(key) for key in keys] if isinstance(keys, list) else [str(keys or "")]


def _list_of_transforms(config: Configuration, keys: tuple[str, ...]) -> list[dict] | None:
    key = next((key for key in keys if key in config), None)
    if key is None:
        return None
    value = config.value(key)
    if isinstance(value, dict):
        value = value.get("transforms")
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return None
    return value


def _windows(config: Configuration) -> dict:
    """Windows of the inferer, as keys of a description."""
    key = next((key for key in INFERERS if key in config), None)
    inferer = config.value(key) if key else None
    if not isinstance(inferer, dict):
        return {}
    name = str(inferer.get("_target_")).rpartition(".")[2]
    if name in SIMPLE:
        return {"window": WHOLE}
    advice = "give the description the keys window, overlap, blending and pad_to_window"
    if name not in SLIDING:
        raise InputError(f"{config.what}: the inferer {name} is not supported; {advice}")
    settings = {
        "roi_size": None, "overlap": 0.25, "mode": "constant", "padding_mode": "constant",
        "cval": 0.0, "sigma_scale": 0.125,
    }  # fmt: skip
    for setting in settings:
        if setting in inferer:
            settings[setting] = config.plain(f"{key}#{setting}", advice)
    size = settings["roi_size"]
    size = [size] * 3 if isinstance(size, int) else size
    whole = isinstance(size, list) and all(length is None or length <= 0 for length in size)
    standard = (settings["padding_mode"], settings["cval"], settings["sigma_scale"])
    if standard != ("constant", 0.0, 0.125):
        raise InputError(
            f"{config.what}: the inferer has padding_mode, cval, sigma_scale {standard}; only "
            f"constant, 0 and 0.125 are supported; {advice}"
        )
    overlap = settings["overlap"]
    if isinstance(overlap, list) and len(set(overlap)) == 1:
        overlap = overlap[0]
    return {
        "window": WHOLE if whole else size,
        "overlap": overlap,
        "blending": settings["mode"],
        "pad_to_window": True,
    }
