"""Training a segmentation network, such that an interruption does not change the result."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from mrelevance.cohort.geometry import same_spacing
from mrelevance.lrp.windows import Windows
from mrelevance.networks.building import build_network
from mrelevance.networks.card import model_card, versions
from mrelevance.networks.checkpoint import (
    TrainingState,
    fingerprint,
    restore_checkpoint,
    save_checkpoint,
)
from mrelevance.networks.inference import check_multiple
from mrelevance.networks.precision import PRECISIONS, check_precision, lay_out
from mrelevance.networks.predictor import Predictor
from mrelevance.networks.scores import mean_class_dice
from mrelevance.networks.training_data import (
    TrainingFiles,
    TrainingPatient,
    draw_batch,
    load_patient,
)
from mrelevance.networks.training_step import new_state, train_step
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import sha256, write_json, write_table, written_whole

logger = logging.getLogger(__name__)

FLIP_AXES = {"x", "y", "z"}


def train(files: TrainingFiles, configuration: dict, model_folder: str | Path, code: str) -> None:
    """Train a network; write weights.pt, history.tsv and card.json into `model_folder`.

    The loss is Dice plus cross-entropy, with deep supervision summed over the outputs
    (`supervised_loss`). The optimiser is AdamW with a one-cycle learning rate and a clipped
    gradient norm. An epoch has training.steps_per_epoch steps. After each, the weights are
    kept if the mean Dice of the validation patients that have a lesion is the best so far; without
    such patients the last weights are kept. The state is then saved to checkpoint.pt. An
    interrupted training continues there and ends with the same weights. If anything that it depends
    on has changed, it starts anew. A finished training removes the checkpoint.

    Uses the GPU if there is one. Seeds torch's global generator.

    Parameters
    ----------
    files
        Images and labels of the patients for training and validation.
    configuration
        `seed`, `network`, `training`, `inference` (`window`, `overlap`) and, for the model card,
        `preprocess`.
    model_folder
        Where to write.
    code
        Any text that identifies the version of this library.

    Raises
    ------
    InputError
        Settings or images do not fit, or the loss is not finite.
    """
    folder = Path(model_folder)
    settings = configuration["training"]
    check_training(configuration)
    if not files.train:
        raise InputError("split: no patient is for training; mark patients as train in the sheet")

    torch.manual_seed(configuration["seed"])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build_network(
        configuration["network"]["name"],
        configuration["network"]["arguments"],
        len(files.sequences),
        len(files.outputs),
    )
    network = lay_out(network.to(device), settings["precision"])
    patients = {
        "train": _load_patients(files.train, files),
        "validation": _load_patients(files.validation, files),
    }
    _check_spacings([*patients["train"], *patients["validation"]])
    provenance = _provenance(files, configuration, code)
    # Another number of threads sums in another order: the weights would be those of neither run.
    hardware = {"device": device.type, "threads": torch.get_num_threads()}
    mark = fingerprint(provenance | hardware)
    state = new_state(network, settings)
    restore_checkpoint(state, folder / "checkpoint.pt", mark)
    _run_epochs(state, patients, files, configuration, folder / "checkpoint.pt", mark)

    with written_whole(folder / "weights.pt") as beside:
        torch.save(state.best_weights, beside)
    write_table(pd.DataFrame(state.history), folder / "history.tsv")
    spacing = np.median([patient.spacing[::-1] for patient in patients["train"]], axis=0)
    card = model_card(provenance, spacing.tolist(), state.best, folder / "weights.pt", hardware)
    write_json(card, folder / "card.json")
    (folder / "checkpoint.pt").unlink()


def _load_patients(
    paths: dict[str, tuple[str | Path, str | Path]], files: TrainingFiles
) -> list[TrainingPatient]:
    """Read patients, sorted by name."""
    return [
        load_patient(name, *paths[name], files.sequences, files.channels, files.classes.get(name))
        for name in sorted(paths)
    ]


def _check_spacings(patients: list[TrainingPatient]) -> None:
    first = patients[0]
    for patient in patients:
        if not same_spacing(patient.spacing, first.spacing):
            one, other = (
                " x ".join(f"{value:g}" for value in of.spacing[::-1]) for of in (first, patient)
            )
            raise InputError(
                f"patients {first.name} and {patient.name} have voxels of {one} and {other} mm, "
                "but a network needs one spacing; set preprocess.spacing_mm"
            )


def _provenance(files: TrainingFiles, configuration: dict, code: str) -> dict:
    """Describe what the weights depend on, besides the hardware."""
    groups = {"train": files.train, "validation": files.validation}
    return {
        "channels": list(files.sequences),
        "classes": list(files.outputs),
        "configuration": configuration,
        "patients": {group: sorted(paths) for group, paths in groups.items()},
        "inputs_sha256": {
            name: [
                sha256(path) for path in (*paths[name], files.classes.get(name)) if path is not None
            ]
            for paths in groups.values()
            for name in sorted(paths)
        },
        "versions": versions(),
        "code": code,
    }


def check_training(configuration: dict) -> None:
    """Check the settings of training beyond the schema of the configuration.

    Raises
    ------
    InputError
        A size, the precision, a flip axis or the warm-up cannot be used.
    """
    settings, divisor = configuration["training"], configuration["network"]["divisor"]
    check_multiple(settings["patch"], divisor, "training.patch")
    check_multiple(configuration["inference"]["window"], divisor, "inference.window")
    if settings["precision"] not in PRECISIONS:
        raise InputError(
            f"training.precision: {settings['precision']!r} is unknown; "
            f"give {' or '.join(PRECISIONS)}"
        )
    # On CPUs, torch 2.13 (oneDNN) reads uninitialised memory for the bfloat16 gradient of a
    # convolution's weights if its feature map has depth 2.
    if settings["precision"] == "bfloat16" and settings["patch"][2] < 3 * divisor:
        raise InputError(
            f"training.patch: {settings['patch'][2]} voxels in z leave feature maps of depth 2, "
            f"whose bfloat16 gradients are wrong; give {3 * divisor} or more, or precision: float32"
        )
    check_precision({"training.precision": settings["precision"]})
    unknown = set(settings["augmentation"]["flip_axes"]) - FLIP_AXES
    if unknown:
        raise InputError(
            f"training.augmentation.flip_axes: {min(unknown)!r} is unknown; give x, y or z"
        )
    if settings["steps"] * settings["warmup_share"] <= 1:
        raise InputError(
            f"training.warmup_share: {settings['warmup_share']} of {settings['steps']} steps is at "
            "most one step; raise it or training.steps"
        )


def _run_epochs(
    state: TrainingState,
    patients: dict[str, list[TrainingPatient]],
    files: TrainingFiles,
    configuration: dict,
    checkpoint: Path,
    mark: str,
) -> None:
    """Train from the state to the end, with a checkpoint after every epoch."""
    settings = configuration["training"]
    done = state.history[-1]["step"] if state.history else 0
    steps, steps_per_epoch = settings["steps"], settings["steps_per_epoch"]
    predictor = Predictor(
        state.network,
        Windows(
            tuple(configuration["inference"]["window"][::-1]),
            configuration["inference"]["overlap"],
        ),
        divisor=configuration["network"]["divisor"],
        precision=settings["precision"],
    )
    with tqdm(total=steps, initial=done, desc="training", unit="step", mininterval=2) as bar:
        for first in range(done, steps, steps_per_epoch):
            last = min(first + steps_per_epoch, steps)
            losses = []
            for step in range(first, last):
                learning_rate = state.schedule.get_last_lr()[0]
                batch = draw_batch(
                    patients["train"],
                    settings,
                    configuration["seed"],
                    step,
                    outputs=len(files.outputs),
                    ignores=files.ignores,
                )
                losses.append(train_step(state, batch, settings, step))
                bar.update()
            row = {
                "epoch": len(state.history) + 1,
                "step": last,
                "learning_rate": learning_rate,
                "training_loss": float(np.mean(losses)),
                "validation_dice": _validate(predictor, patients["validation"]),
            }
            bar.set_postfix(loss=row["training_loss"], dice=row["validation_dice"])
            logger.info("%s", ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
            state.history.append(row)
            # Without validation patients no comparison with NaN holds, and the last weights stay.
            if not (state.best and row["validation_dice"] < state.best["validation_dice"]):
                state.best = row
                state.best_weights = {
                    name: value.detach().cpu().clone()
                    for name, value in state.network.state_dict().items()
                }
            save_checkpoint(state, checkpoint, mark)


@torch.no_grad()
def _validate(predictor: Predictor, patients: list[TrainingPatient]) -> float:
    """Compute the mean Dice of the patients that have a lesion; NaN if none has.

    That of a patient is the mean over the classes that are drawn in it.
    """
    (network,) = predictor.networks
    device = next(network.parameters()).device
    network.eval()
    scores = []
    for patient in patients:
        if not patient.lesions:
            continue
        logits = predictor.apply(patient.image.float().to(device)).cpu()
        scores.append(mean_class_dice(logits.argmax(0).numpy(), patient.classes.numpy()))
    return float(np.mean(scores)) if scores else float("nan")
