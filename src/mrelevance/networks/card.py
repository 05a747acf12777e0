"""The model card: what was trained, on what, how well, as data."""

import math
from pathlib import Path

from mrelevance.runtime.files import sha256
from mrelevance.runtime.versions import versions_of

INTENDED_USE = (
    "Research on which MRI sequences a tumour-segmentation network uses. Not a medical device: "
    "not for diagnosis, and not for images unlike those it was trained on."
)
NORMALISATION = (
    "Per sequence, as in configuration.preprocess; centre and scale of each patient are in its "
    "channels.json."
)
DETERMINISM = (
    "Same seed, data, versions, processor and number of threads: bitwise the same weights on a "
    "CPU, also after an interruption. Other processors, numbers of threads and versions sum in "
    "another order, and on a GPU some operations sum in no fixed order: the weights then differ."
)


def versions() -> dict[str, str]:
    """Versions of what the weights depend on."""
    return versions_of(("mrelevance", "torch", "monai", "numpy"))


def model_card(
    provenance: dict, spacing_mm: list[float], best: dict, weights_path: Path, hardware: dict
) -> dict:
    """The content of card.json.

    `provenance` is what the weights are a function of: channels, configuration, split, inputs,
    versions, code. `spacing_mm` (x, y, z) is the median of the training patients, `best` the row
    of the training history whose weights were kept.
    """
    validated = not math.isnan(best["validation_dice"])
    return {
        "channels": provenance["channels"],
        "classes": ["background", "tumour"],
        "spacing_mm": spacing_mm,
        "normalisation": NORMALISATION,
        "intended_use": INTENDED_USE,
        "metrics": {"validation_dice": best["validation_dice"] if validated else None},
        "weights": f"of epoch {best['epoch']}: "
        + (
            "best mean Dice of the validation patients"
            if validated
            else "the last, because no validation patient has a lesion"
        ),
        "weights_sha256": sha256(weights_path),
        "determinism": DETERMINISM,
        "hardware": hardware,
    } | {key: value for key, value in provenance.items() if key != "channels"}
