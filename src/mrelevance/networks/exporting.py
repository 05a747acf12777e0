"""Writing a network that was trained here in forms that others read, and `load` reads back."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
import yaml
from torch import nn
from torch.export import Dim

from mrelevance.networks.bundle_export import write_bundle
from mrelevance.networks.card import WEIGHTS, check_weights, read_card
from mrelevance.networks.imported.description import complete_description
from mrelevance.networks.imported.program_archive import EXTRA
from mrelevance.networks.imported.trained import described_by_card
from mrelevance.networks.loading import load_network
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import written_whole


def export_network(model_folder: str | Path, form: str, out: str | Path) -> list[Path]:
    """Write a network that this workflow trained in another form; the files or folders written.

    Parameters
    ----------
    model_folder
        With `card.json` and `weights.pt`.
    form
        `weights`, `bundle` or `pt2`, see `FORMS`.
    out
        File to write, or the folder of the bundle.

    Raises
    ------
    InputError
        The folder holds no network of this workflow, or `out` exists or has another ending.
    """
    folder, out = Path(model_folder), Path(out)
    card = read_card(folder)
    check_weights(folder, card)
    said = described_by_card(card, folder)
    if said["preprocessing"] is None:
        raise InputError(
            f"{folder / 'card.json'} does not name the fixed sequence, as cards of earlier "
            "versions; train the network again"
        )
    complete_description(said, str(folder))
    if out.suffix not in ENDINGS[form]:
        raise InputError(f"{out}: {form} needs a name that ends in {_listed(ENDINGS[form])}")
    for path in (out, description_beside(out)):
        if path.exists():
            raise InputError(f"{path} exists; move it away, or name another")
    network = load_network(folder, card["channels"])
    return FORMS[form](network, folder, said, out)


def _listed(endings: tuple[str, ...]) -> str:
    return " or ".join(ending or "no suffix" for ending in endings)


def description_beside(out: Path) -> Path:
    """Where the description of a network is looked for."""
    return out.parent / f"{out.stem}.yaml"


def write_weights(network: nn.Module, folder: Path, said: dict, out: Path) -> list[Path]:
    """Write a state dict, and beside it the description that tells name and arguments."""
    beside = description_beside(out)
    with written_whole(out) as path:
        path.write_bytes((folder / WEIGHTS).read_bytes())
    with written_whole(beside) as path:
        path.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True))
    return [out, beside]


def write_program(network: nn.Module, folder: Path, said: dict, out: Path) -> list[Path]:
    """Write an exported program for images of any size that are multiples of the divisor.

    Networks whose computation depends on the size are exported for the window alone.
    """
    divisor = said["divisor"]
    size = [max(length, 2 * divisor) for length in said["window"][::-1]]
    if len(set(size)) < 3:  # equal lengths would be taken for one that they have in common
        size = [length + number * divisor for number, length in enumerate(size)]
    image = torch.zeros(1, len(said["channels"]), *size)
    lengths = {axis: divisor * Dim(f"length{axis}", min=2) for axis in (2, 3, 4)}
    with torch.no_grad():
        try:
            program = torch.export.export(
                network, (image,), dynamic_shapes=(lengths,), strict=False
            )
        except torch._dynamo.exc.UserError:
            window = torch.zeros(1, len(said["channels"]), *said["window"][::-1])
            program = torch.export.export(network, (window,), strict=False)
    program.example_inputs = None
    with written_whole(out) as path:
        torch.export.save(program, path, extra_files={EXTRA: json.dumps(said)})
    return [out]


Writer = Callable[[nn.Module, Path, dict, Path], list[Path]]
FORMS: dict[str, Writer] = {"weights": write_weights, "bundle": write_bundle, "pt2": write_program}
"""Writers by the name of the form."""

ENDINGS = {"weights": (".pt", ".pth"), "bundle": ("",), "pt2": (".pt2",)}
"""How the path that is written may end."""
