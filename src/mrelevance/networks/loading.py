"""Loading a network, whoever trained it: what lies at a path decides how."""

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import torch

from mrelevance.networks.card import WEIGHTS, check_weights, read_card
from mrelevance.networks.deployment import Deployment
from mrelevance.networks.imported.archive import unpacked
from mrelevance.networks.imported.bundle import CONFIGURATIONS, is_bundle, load_bundle
from mrelevance.networks.imported.description import description_file, given_description
from mrelevance.networks.imported.exported import load_exported
from mrelevance.networks.imported.factory import load_factory
from mrelevance.networks.imported.trained import is_trained_here, load_trained, network_of_card
from mrelevance.networks.imported.weights import load_weights
from mrelevance.networks.outputs import without_auxiliary_heads
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import sha256
from mrelevance.runtime.network_source import factory_of
from mrelevance.runtime.nnunet_folder import is_of_nnunet, network_in_archive

WEIGHTS_SUFFIXES = (".pt", ".pth", ".ts", ".ckpt", ".bin", ".tar")
OTHER_FORMATS = {
    ".onnx": "ONNX",
    ".safetensors": "safetensors",
    ".h5": "Keras",
    ".keras": "Keras",
    ".pb": "TensorFlow",
}
"""Formats that are not read, by the ending of the file."""

KINDS = (
    "a results folder of nnU-Net, a MONAI bundle, an exported program (.pt2), weights (.pt), this "
    "workflow's results/model, or module:function"
)


def load(
    path: str | Path,
    *,
    folds: Sequence[int | str] | None = None,
    mirroring: bool = True,
    checkpoint: str = "final",
    channels: Sequence[str] | None = None,
    description: Mapping | str | Path | None = None,
    trust_code: bool = False,
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Load a trained network with all that surrounds it where it is deployed.

    Parameters
    ----------
    path
        A results folder of nnU-Net or a MONAI bundle, both also zipped, an exported program
        (`.pt2`), weights (`.pt`), a folder `results/model` of this workflow, or a function that
        makes the network: `package.module:function` or `path/to/file.py:function`.
    folds, mirroring, checkpoint
        Which members of an nnU-Net are applied: by default all folds, mirrored as in training, with
        the final weights.
    channels
        Names of the network's channels, in order, where its files do not tell them.
    description
        What its files do not tell: a mapping, or a file with one. By default, a file of the same
        name that ends in `.yaml` or `.json`. docs/own-network-formats.md lists the keys.
    trust_code
        Whether the code of `module:function` may be run. Nothing else is ever run.
    precision, device
        See `Predictor`.

    Raises
    ------
    InputError
        Nothing that can be read lies there, it is damaged or holds code, or something must be known
        that neither it nor the description tells.
    """
    chosen = {"precision": precision, "device": device}
    factory = factory_of(path)
    if factory is not None:
        given = given_description(factory.file, description, channels)
        predictor = load_factory(str(path), factory, given=given, trust_code=trust_code, **chosen)
        return _with_file(predictor, description_file(factory.file, description))
    path = Path(path)
    members = {"folds": folds, "mirroring": mirroring, "checkpoint": checkpoint}
    with _stored(path) as folder:
        if folder.is_dir() and is_of_nnunet(folder):
            from mrelevance.networks.nnunet.loading import load_nnunet

            if channels is not None or description is not None:
                raise InputError(
                    f"{path}: nnU-Net's files tell all that is needed; leave out channels and "
                    "description"
                )
            predictor = load_nnunet(folder, **members, **chosen)
        else:
            if folds is not None or checkpoint != "final":
                raise InputError(
                    f"{path} is no results folder of nnU-Net, so it has no folds or checkpoints to "
                    "choose; leave out folds and checkpoint"
                )
            given = given_description(path, description, channels)
            predictor = _reader_of(folder)(folder, given=given, **chosen)
            predictor = _with_file(predictor, description_file(path, description))
    predictor.deployment = replace(predictor.deployment, path=path)
    return predictor


def load_deployment(
    path: str | Path,
    *,
    folds: Sequence[int | str] | None = None,
    checkpoint: str = "final",
    trust_code: bool = False,
) -> Deployment:
    """What surrounds a network: its preprocessing, its outputs, and the way back.

    Of nnU-Net the weights are not read, and not among `Deployment.files`. See `load`.
    """
    path = Path(path)
    if path.exists():
        with _stored(path) as folder:
            if folder.is_dir() and is_of_nnunet(folder):
                from mrelevance.networks.nnunet.loading import describe_nnunet

                found = describe_nnunet(folder, folds=folds, checkpoint=checkpoint)
                return replace(found, path=path)
    return load(path, folds=folds, checkpoint=checkpoint, trust_code=trust_code).deployment


@contextmanager
def _stored(path: Path) -> Iterator[Path]:
    """Where a network lies: at the path, or in a temporary folder if that is an archive.

    Errors name the archive, because the folder is removed.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist; {_advice_for_missing(path)}")
    if path.suffix != ".zip" or path.is_dir():
        yield path
        return
    with unpacked(path) as folder:
        try:
            yield network_in_archive(folder)
        except InputError as error:
            raise InputError(str(error).replace(str(folder), str(path))) from error


def _with_file(predictor: Predictor, file: Path | None) -> Predictor:
    """The predictor, with the checksum of another file that it was made from."""
    if file is not None:
        files = predictor.deployment.files | {file.name: sha256(file)}
        predictor.deployment = replace(predictor.deployment, files=files)
    return predictor


def weights(
    path: str | Path,
    name: str,
    arguments: dict,
    *,
    description: Mapping | str | Path | None = None,
    channels: Sequence[str] | None = None,
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Load a state dict into a network of MONAI, by its name and arguments.

    See `load` for the other parameters.

    Raises
    ------
    InputError
        See `load`.
    """
    given = given_description(Path(path), description, channels)
    given["network"] = {"name": name, "arguments": arguments}
    return load_weights(Path(path), given=given, precision=precision, device=device)


def _reader_of(path: Path) -> Callable[..., Predictor]:
    """The function that reads what lies at a path."""
    if path.is_dir():
        if is_trained_here(path):
            return load_trained
        if is_bundle(path):
            return load_bundle
        raise InputError(
            f"{path} holds neither {CONFIGURATIONS[0]} (MONAI bundle), nor card.json with "
            f"weights.pt (this workflow), nor plans.json with dataset.json (nnU-Net); give {KINDS}"
        )
    if path.suffix in OTHER_FORMATS:
        raise InputError(
            f"{path} is a network in the format {OTHER_FORMATS[path.suffix]}, which is not read; "
            "load it in PyTorch and save torch.save(network.state_dict(), 'weights.pt')"
        )
    if path.suffix == ".pt2" or _is_program(path):
        return load_exported
    if path.suffix in WEIGHTS_SUFFIXES or zipfile.is_zipfile(path):
        return load_weights
    if path.name in (Path(name).name for name in (*CONFIGURATIONS, "plans.json", "card.json")):
        raise InputError(f"{path} is a file of a network's folder; give the folder")
    raise InputError(f"{path} is no network that can be read; give {KINDS}")


def _is_program(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/models/model.json") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _advice_for_missing(path: Path) -> str:
    if path.parent.is_dir():
        names = [one.name for one in path.parent.iterdir()]
        close = get_close_matches(path.name, names, n=1)
        if close:
            return f"did you mean {close[0]}?"
    return f"give {KINDS}"


def load_network(model_folder: str | Path, sequences: list[str]) -> torch.nn.Module:
    """Load the trained network of a folder with `card.json` and `weights.pt`.

    `sequences` are the channels, in order, of the images that the network will be applied to. The
    network is returned in evaluation mode, on the CPU.

    Raises
    ------
    InputError
        A file is missing, the weights are not those of the card, or the channels differ.
    """
    folder = Path(model_folder)
    card = read_card(folder)
    if card["channels"] != list(sequences):
        raise InputError(
            f"model: {folder} was trained on {', '.join(card['channels'])}, but the images hold "
            f"{', '.join(sequences)}; give the same sequences in the same order"
        )
    check_weights(folder, card)
    network = network_of_card(card)
    network.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True))
    return without_auxiliary_heads(network).eval()
