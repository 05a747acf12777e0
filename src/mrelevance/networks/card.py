"""The model card: data, settings, performance and intended use of a trained network."""

import math
from pathlib import Path

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, sha256
from mrelevance.runtime.versions import versions_of

CARD, WEIGHTS = "card.json", "weights.pt"
"""Files of a folder with a trained network."""

KEYS = ("channels", "classes", "configuration", "weights_sha256")
"""Keys without which a network cannot be loaded."""

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


def read_card(model_folder: str | Path) -> dict:
    """Read the card of a trained network, whose weights lie beside it.

    Raises
    ------
    InputError
        A file is missing, or the card is damaged.
    """
    folder = Path(model_folder)
    for file in (CARD, WEIGHTS):
        if not (folder / file).is_file():
            raise InputError(f"model: {folder / file} does not exist; train the network first")
    try:
        card = read_json(folder / CARD)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"model: {folder / CARD} is damaged ({error}); restore it or train again"
        ) from error
    if not isinstance(card, dict) or not set(KEYS) <= set(card):
        raise InputError(
            f"model: {folder / CARD} lacks {', '.join(KEYS)}; restore it or train again"
        )
    return card


def check_weights(model_folder: str | Path, card: dict) -> None:
    """Check that the weights in a folder are those of its card.

    Raises
    ------
    InputError
        They are others, or damaged.
    """
    path = Path(model_folder) / WEIGHTS
    if sha256(path) != card["weights_sha256"]:
        raise InputError(
            f"model: {path} has another checksum than card.json says; restore it or train again"
        )
