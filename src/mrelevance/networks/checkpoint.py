"""Checkpoints: the complete state of a training, which is restored bit by bit."""

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
    """Everything that changes during training; random patches follow from seed and step."""

    network: torch.nn.Module
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    history: list[dict] = field(default_factory=list)  # one row per finished epoch
    best: dict = field(default_factory=dict)  # the best row of the history
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)


def fingerprint(provenance: dict) -> str:
    """Compute a checksum of what a training depends on, which its checkpoints must match."""
    return hashlib.sha256(json.dumps(provenance, sort_keys=True).encode()).hexdigest()


def save_checkpoint(state: TrainingState, path: str | Path, mark: str) -> None:
    """Save the state, with that of torch's random generators (dropout) and its fingerprint."""
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
    """Restore the state from the checkpoint at `path` if it exists and has this fingerprint."""
    if not Path(path).is_file():
        return
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        # Checkpoints are renamed when complete: only a power cut or a failing disk damages one.
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
