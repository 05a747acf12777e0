"""The stages of the study: which settings each reads, and which stages it follows.

A stage has a folder of its own below the results, named like the stage. What a variant of the study
computes, and where each rule finds its inputs, is derived from this table.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One folder of results.

    Attributes
    ----------
    settings
        Keys of the configuration that its results depend on, with dots between the levels; a key
        stands for all below it.
    follows
        The stages whose results it reads.
    """

    name: str
    settings: tuple[str, ...]
    follows: tuple[str, ...] = ()


_REGISTRATION = tuple(
    f"motion.{key}"
    for key in (
        *("method", "search_mm", "levels", "bending_energy", "rigid", "interpolation"),
        "quality",
    )
)
_WINDOWS = ("inference.window", "inference.overlap")
_MEMBERS = ("inference.folds", "inference.mirroring", "inference.checkpoint")
_SOURCE = (
    *(f"network.{key}" for key in ("source", "channels", "trust_code")),
    *("inference.folds", "inference.checkpoint"),
)
_LABELS = tuple(f"segmentation.{key}" for key in ("classes", "lesions", "ignore"))
_TARGET = ("relevance.target", "relevance.tau", "relevance.baseline")
_TRIED = (
    "network",
    *(f"training.{key}" for key in ("batch", "patch", "precision", "steps", "warmup_share")),
    *("training.learning_rate", "training.augmentation.flip_axes"),
    *_WINDOWS,
    *_MEMBERS,
    *("relevance.composites", "relevance.target", "relevance.statistics"),
    *("evaluation.precision", "segmentation"),
    *(f"evaluation.maps.{key}" for key in ("crop", "methods", "randomised_methods")),
)

STAGES = {
    stage.name: stage
    for stage in (
        # What the configured network is tried with. Targets ask for it; no stage follows it.
        Stage("trial", _TRIED),
        Stage(
            "raw",
            ("phantom", "cohort.seed", "cohort.nifti_geometry", "fixed_sequence", *_LABELS),
        ),
        Stage("motion", (*_REGISTRATION, "fixed_sequence"), ("raw",)),
        # Images hold all sequences of the study. A network picks its channels from them, so that a
        # variant with fewer sequences begins at the model.
        # A network that was trained elsewhere brings its own preprocessing.
        Stage("preprocessed", ("preprocess", "fixed_sequence", *_SOURCE), ("raw", "motion")),
        # The study's own motion correction decides who is excluded, for variants as well.
        Stage("cohort", ("cohort",), ("raw",)),
        Stage(
            "model",
            ("sequences", "seed", "network", "training", *_WINDOWS, *_MEMBERS),
            ("preprocessed", "cohort"),
        ),
        Stage("prediction", ("inference", "segmentation"), ("raw", "preprocessed", "model")),
        Stage("relevance", ("relevance",), ("preprocessed", "prediction")),
        Stage(
            "evaluation",
            ("evaluation", "seed", *_TARGET, "relevance.statistics"),
            ("preprocessed", "prediction"),
        ),
        Stage(
            "summary",
            ("summary", "figures.composite", "seed"),
            ("raw", "motion", "cohort", "prediction", "relevance", "evaluation"),
        ),
        Stage("figures", ("figures", "seed"), ("summary",)),
        Stage("report", (), ("summary", "figures")),
    )
}
"""In the order in which they follow each other."""


def setting(configuration: dict, key: str) -> Any:
    """Value of a key of the configuration, with dots between the levels."""
    value = configuration
    for part in key.split("."):
        value = value[part]
    return value


@cache
def settings_of(stage: str) -> frozenset[str]:
    """Keys that a stage's results depend on, its own and those of the stages that it follows."""
    own = STAGES[stage]
    return frozenset(own.settings).union(*(settings_of(name) for name in own.follows))


def depends_on(stage: str, key: str) -> bool:
    """Whether the table says that a stage's results depend on a key, or on all that is below it."""
    return any(key == own or key.startswith(f"{own}.") for own in settings_of(stage))


def stages_computed(study: dict, variant: dict) -> frozenset[str]:
    """Stages that a variant computes: those whose settings differ, and those that follow them.

    `study` and `variant` are whole configurations. All other stages are read from the study.
    """
    computed = set()
    for stage in STAGES.values():
        differs = any(setting(study, key) != setting(variant, key) for key in stage.settings)
        if differs or computed.intersection(stage.follows):
            computed.add(stage.name)
    return frozenset(computed)
