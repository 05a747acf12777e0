"""One step of training: loss, gradient, optimiser and learning rate."""

from dataclasses import dataclass

import torch

from mrelevance.networks.checkpoint import TrainingState
from mrelevance.networks.loss import segmentation_loss
from mrelevance.networks.outputs import outputs_of, supervised_loss
from mrelevance.networks.precision import autocast
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Batch:
    """Patches for one training step."""

    patients: list[str]
    images: torch.Tensor  # (B, C, D, H, W), float32
    classes: torch.Tensor  # (B, 1, D, H, W), float32, whole numbers
    counted: torch.Tensor | None  # (B, 1, D, H, W), bool: not ignored; None where all are


def new_state(network: torch.nn.Module, settings: dict) -> TrainingState:
    """Set up optimiser and schedule for an untrained network; `settings` is `training`."""
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings["learning_rate"], weight_decay=settings["weight_decay"]
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        max_lr=settings["learning_rate"],
        total_steps=settings["steps"],
        pct_start=settings["warmup_share"],
    )
    return TrainingState(network, optimiser, schedule)


def train_step(state: TrainingState, batch: Batch, settings: dict, step: int) -> float:
    """Take one step of gradient descent; return the loss.

    Parameters
    ----------
    state
        Network, optimiser and schedule, which the step changes.
    batch
        Patches of some patients.
    settings
        `training` of the configuration: `precision` and `gradient_norm`.
    step
        Number of the step, from 0.

    Raises
    ------
    InputError
        Loss or gradient are not finite, or the network gives no logits.
    """
    device = next(state.network.parameters()).device
    state.network.train()
    with autocast(device, settings["precision"]):
        outputs = outputs_of(state.network(batch.images.to(device)))
    counted = None if batch.counted is None else batch.counted.to(device)
    loss = supervised_loss(segmentation_loss, outputs, batch.classes.to(device), counted)
    state.optimiser.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(state.network.parameters(), settings["gradient_norm"])
    if not (loss.isfinite() and norm.isfinite()):
        raise InputError(
            f"training step {step + 1}: loss {loss.item():g}, gradient norm {norm.item():g} on "
            f"patients {', '.join(batch.patients)}; lower training.learning_rate, or look for "
            "extreme intensities in the preprocessed images of these patients"
        )
    state.optimiser.step()
    state.schedule.step()
    return loss.item()
