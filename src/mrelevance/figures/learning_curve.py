"""Training loss and validation Dice over the training steps."""

import pandas as pd
from matplotlib.figure import Figure

from mrelevance.figures import style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError

LOSS_COLOUR, DICE_COLOUR = "#D55E00", "#0072B2"


@style.styled
def draw(history: pd.DataFrame) -> Figure:
    """Training loss and validation Dice per epoch; the weights kept are marked.

    `history` is the training's table: epoch, step, learning_rate, training_loss,
    validation_dice. Without validation patients (Dice NA) only the loss is drawn.

    Raises
    ------
    InputError
        A column is missing, or no epoch was trained.
    """
    check_columns(history, ["step", "training_loss", "validation_dice"], "training history")
    if history.empty:
        raise InputError("training history: it has no epoch; train for at least one epoch")
    validated = history.dropna(subset=["validation_dice"])
    panels = 2 if len(validated) else 1
    figure = style.new_figure(style.COLUMN_MM, 15 + 32 * panels)
    grid = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    marker = "o" if len(history) < 40 else None
    grid[0].plot(
        history["step"],
        history["training_loss"],
        color=LOSS_COLOUR,
        linewidth=1,
        marker=marker,
        markersize=2.5,
    )
    grid[0].set_ylabel("training loss")
    style.start_at_zero(grid[0])
    if panels == 2:
        best = validated.loc[validated["validation_dice"].idxmax()]
        grid[1].plot(
            validated["step"],
            validated["validation_dice"],
            color=DICE_COLOUR,
            linewidth=1,
            marker=marker,
            markersize=2.5,
        )
        grid[1].axvline(best["step"], color=style.GREY, linewidth=0.8, linestyle="--")
        grid[1].plot(
            best["step"],
            best["validation_dice"],
            marker="o",
            markersize=6,
            markerfacecolor="none",
            markeredgecolor="black",
        )
        grid[1].set_ylabel("validation Dice")
        grid[1].set_ylim(0, 1)
        grid[1].set_title(
            f"kept: step {best['step']:.0f}, Dice {best['validation_dice']:.3f}", loc="left"
        )
    grid[-1].set_xlabel("training step")
    return figure
