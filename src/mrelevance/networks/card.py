"""The model card: data, settings, performance and intended use of a trained network."""

import math
from pathlib import Path

from mrelevance.runtime.files import sha256
from mrelevance.runtime.versions import versions_of

INTENDED_USE = (
    "Research on which MRI sequences a tumour-segmentation network uses. Not a medical device: "
    "not for diagnosis, and not for images that differ from its training images."
)
NORMALISATION = (
    "Per sequence, as in configuration.preprocess; centre and scale of each patient are in the "
    "patient's channels.json."
)
DETERMINISM = (
    "With the same seed, data, versions, processor and number of threads, training on a CPU gives "
    "bitwise the same weights, also after an interruption. Other processors, numbers of threads or "
    "versions sum in another order, and some operations on a GPU sum in no fixed order: the "
    "weights then differ."
)


def versions() -> dict[str, str]:
    """Return the versions of Python and the packages that the weights depend on."""
    return versions_of(("mrelevance", "torch", "monai", "numpy"))


def model_card(
    provenance: dict, spacing_mm: list[float], best: dict, weights_path: Path, hardware: dict
) -> dict:
    """Compose the content of card.json.

    `provenance` holds what the weights depend on: channels, classes, configuration, patients,
    checksums of the inputs, versions and code. `spacing_mm` (x, y, z) is the median of the training
    patients, `best` the row of the training history whose weights are kept.
    """
    validated = not math.isnan(best["validation_dice"])
    return {
        "channels": provenance["channels"],
        "classes": provenance["classes"],
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
    } | {key: value for key, value in provenance.items() if key not in ("channels", "classes")}
