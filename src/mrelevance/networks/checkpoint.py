"""The state of a training, saved whole and restored bit by bit."""

import hashlib
import json
import logging
import pickle
from dataclasses import dataclass, field
from pathlib import Path

import torch

from mrelevance.runtime.files import written_whole

logger = logging.getLogger(__name__)


@dataclass
class TrainingState:
    """All that changes during training. Random patches are no state: they follow from the step."""

    network: torch.nn.Module
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    history: list[dict] = field(default_factory=list)  # one row per finished epoch
    best: dict = field(default_factory=dict)  # the row of the history that was best
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)


def fingerprint(provenance: dict) -> str:
    """Checksum of what a training depends on; a checkpoint with another one must not go on."""
    return hashlib.sha256(json.dumps(provenance, sort_keys=True).encode()).hexdigest()


def save_checkpoint(state: TrainingState, path: str | Path, mark: str) -> None:
    """Save the state and the state of torch's random generators (dropout), marked by `mark`."""
    content = {
        "fingerprint": mark,
        "network": state.network.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "schedule": state.schedule.state_dict(),
        "history": state.history,
        "best": state.best,
        "best_weights": state.best_weights,
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }
    with written_whole(path) as beside:
        torch.save(content, beside)


def restore_checkpoint(state: TrainingState, path: str | Path, mark: str) -> None:
    """Go on from the checkpoint at `path`, if there is one and its fingerprint is `mark`."""
    if not Path(path).is_file():
        return
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        # It was renamed when it was whole; only a power cut or a failing disk leaves it like this.
        logger.warning("%s cannot be read (%s): training starts anew", path, error)
        return
    if content["fingerprint"] != mark:
        logger.warning(
            "%s belongs to other settings, data or versions, or another number of threads (cores): "
            "training starts anew",
            path,
        )
        return
    state.network.load_state_dict(content["network"])
    state.optimiser.load_state_dict(content["optimiser"])
    state.schedule.load_state_dict(content["schedule"])
    state.history, state.best = content["history"], content["best"]
    state.best_weights = content["best_weights"]
    torch.set_rng_state(content["random"])
    if content["random_cuda"] is not None:
        torch.cuda.set_rng_state(content["random_cuda"])
    logger.info("training goes on after epoch %d", state.history[-1]["epoch"])
