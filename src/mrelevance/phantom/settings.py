"""Settings of the phantom, checked before anything is computed."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import COMPONENTS, Segmentation

FIELD_STRENGTHS_T = (1.5, 3.0)
LESION_TYPES = ("HCC", "metastasis", "haemangioma", "cyst", "FNH")
KNOWN_ANSWERS = (None, "decoy", "single_source")
# Label values of the tissue classes of a lesion.
RIM, CORE = 1, 2
LISTS = (
    "size",
    "spacing_mm",
    "t2_weighted",
    "lesions",
    "lesion_diameter_mm",
    "lesion_share",
    "motion_mm",
)
MAPPINGS = ("times_s", "signal_to_noise", "lesion_types")
# The anatomy has its natural size on any grid, so the field of view must hold it.
SMALLEST_FIELD_OF_VIEW_MM = (330, 250, 140)


@dataclass(frozen=True)
class Settings:
    """Checked settings of the phantom; triples are (x, y, z).

    Sequences and the fixed one are those of the study. All other fields are the keys of section
    `phantom` of the configuration, which config/README.md explains.
    """

    sequences: tuple[str, ...]
    fixed_sequence: str
    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    field_strength_T: float
    times_s: dict[str, float | None]
    t2_weighted: tuple[str, ...]
    repetition_time_ms: float
    flip_angle_deg: float
    echo_time_ms: float
    dose_ml_per_kg: float
    signal_to_noise: dict[str, float]
    bias_field: float
    texture: float
    poor_uptake_share: float
    lesions: tuple[int, int]
    lesion_diameter_mm: tuple[float, float]
    lesion_types: dict[str, float]
    lesion_share: tuple[float, float]
    tissue_classes: bool
    motion_mm: tuple[float, float]
    landmarks: int
    known_answer: str | None
    known_answer_sequence: str


def check_settings(settings: dict, sequences: list[str], fixed_sequence: str) -> Settings:
    """Check section `phantom` of the configuration, also against the study's sequences.

    Raises
    ------
    InputError
        A key is missing, unknown, out of range, or names a sequence that the study does not have.
    """
    of_study = {"sequences": tuple(sequences), "fixed_sequence": fixed_sequence}
    names = [field.name for field in fields(Settings) if field.name not in of_study]
    for key in settings:
        _require(key in names, f"has an unknown key {key!r}; its keys are {', '.join(names)}")
    for key in names:
        _require(key in settings, f"lacks the key {key!r}; copy it from config/config.yaml")
    for key, kind, words in (
        *((key, list, "a list") for key in LISTS),
        *((key, dict, "a mapping") for key in MAPPINGS),
    ):
        _require(isinstance(settings[key], kind), f"{key} is {settings[key]!r}; give {words}")
    checked = Settings(
        **of_study,
        **{key: tuple(v) if isinstance(v, list) else v for key, v in settings.items()},
    )
    _check_grid(checked)
    _check_scanner(checked)
    _check_patients(checked)
    _check_sequences(checked)
    return checked


def check_labels_of_phantom(settings: Settings, segmentation: Segmentation) -> None:
    """Check that the section `segmentation` says what the phantom's labels are.

    Raises
    ------
    InputError
        It declares other values, or lesions that have a part in no explained region.
    """
    values = sorted(segmentation.classes.values())
    expected = [RIM, CORE] if settings.tissue_classes else [1]
    _require(
        values == expected,
        f"its labels have the classes {', '.join(map(str, expected))}, and segmentation.classes "
        f"gives {', '.join(map(str, values))}; change that, or phantom.tissue_classes",
    )
    _require(
        segmentation.lesions != COMPONENTS and not segmentation.ignore,
        "it numbers its lesions itself and has no ignored voxels; leave segmentation.lesions and "
        "segmentation.ignore out",
    )
    _require(
        len(segmentation.lesion_classes) == len(values),
        "its lesions consist of all classes; let segmentation.explained cover them",
    )


def _check_grid(settings: Settings) -> None:
    for key, kind in (("size", int), ("spacing_mm", Real)):
        value = getattr(settings, key)
        _require(
            len(value) == 3 and all(isinstance(v, kind) and v > 0 for v in value),
            f"{key} is {list(value)}; give three positive numbers (x, y, z)",
        )
    extent = [n * mm for n, mm in zip(settings.size, settings.spacing_mm, strict=True)]
    _require(
        all(mm >= least for mm, least in zip(extent, SMALLEST_FIELD_OF_VIEW_MM, strict=True)),
        f"size times spacing_mm is {[round(mm) for mm in extent]} mm; the body needs at "
        f"least {list(SMALLEST_FIELD_OF_VIEW_MM)} mm, so enlarge size or spacing_mm",
    )


def _check_scanner(settings: Settings) -> None:
    _require(
        settings.field_strength_T in FIELD_STRENGTHS_T,
        f"field_strength_T is {settings.field_strength_T}; tissue constants exist for "
        f"{' and '.join(map(str, FIELD_STRENGTHS_T))}",
    )
    for key in ("repetition_time_ms", "echo_time_ms"):
        _check_number(settings, key, lambda v: v > 0, "give a positive number")
    # The circulation model needs an injection that is longer than its time step.
    _check_number(settings, "dose_ml_per_kg", lambda v: 0.02 <= v <= 0.4, "give 0.02 to 0.4")
    _check_number(settings, "flip_angle_deg", lambda v: 0 < v <= 90, "give 0 to 90 degrees")
    for key in ("bias_field", "texture"):
        _check_number(settings, key, lambda v: 0 <= v <= 0.5, "give a share from 0 to 0.5")
    _require(
        set(settings.signal_to_noise) == {"T1", "T2"}
        and all(isinstance(v, Real) and v > 0 for v in settings.signal_to_noise.values()),
        f"signal_to_noise is {settings.signal_to_noise}; give positive numbers for T1 and T2",
    )


def _check_patients(settings: Settings) -> None:
    _check_number(settings, "poor_uptake_share", lambda v: 0 <= v <= 1, "give 0 to 1")
    _check_range(settings, "lesions", int, 1, 8)
    _check_range(settings, "lesion_diameter_mm", Real, 4, 60)
    _check_range(settings, "lesion_share", Real, 0, 1)
    _check_range(settings, "motion_mm", Real, 0, 20)
    _require(
        isinstance(settings.landmarks, int) and 1 <= settings.landmarks <= 40,
        f"landmarks is {settings.landmarks}; give a whole number from 1 to 40",
    )
    _require(
        isinstance(settings.tissue_classes, bool),
        f"tissue_classes is {settings.tissue_classes!r}; give true or false",
    )
    weights = settings.lesion_types
    _require(
        set(weights) == set(LESION_TYPES)
        and all(isinstance(w, Real) and w >= 0 for w in weights.values())
        and weights["HCC"] + weights["metastasis"] > 0,
        f"lesion_types is {weights}; give weights of {', '.join(LESION_TYPES)}, and HCC or "
        "metastasis a positive one",
    )


def _check_sequences(settings: Settings) -> None:
    sequences = list(settings.sequences)
    for sequence in sequences:
        _require(
            (sequence in settings.times_s) != (sequence in settings.t2_weighted),
            f"sequence {sequence} must be named either in times_s or in t2_weighted",
        )
    for sequence, time in settings.times_s.items():
        _require(
            time is None or (isinstance(time, Real) and 0 < time <= 1200),
            f"times_s of {sequence} is {time}; give null (before contrast) or 1 to 1200 seconds",
        )
    _require(
        settings.fixed_sequence in sequences,
        f"fixed_sequence {settings.fixed_sequence} is not one of {sequences}",
    )
    _require(
        settings.known_answer in KNOWN_ANSWERS,
        f"known_answer is {settings.known_answer!r}; choose null, {', '.join(KNOWN_ANSWERS[1:])}",
    )
    _require(
        settings.known_answer is None or settings.known_answer_sequence in sequences,
        f"known_answer_sequence {settings.known_answer_sequence} is not one of {sequences}",
    )


def _check_number(settings: Settings, key: str, valid: Callable, advice: str) -> None:
    value = getattr(settings, key)
    _require(isinstance(value, Real) and valid(value), f"{key} is {value}; {advice}")


def _check_range(settings: Settings, key: str, kind: type, lowest: float, highest: float) -> None:
    value = getattr(settings, key)
    _require(
        len(value) == 2
        and all(isinstance(v, kind) for v in value)
        and lowest <= value[0] <= value[1] <= highest,
        f"{key} is {list(value)}; give two rising numbers from {lowest} to {highest}",
    )


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise InputError(f"configuration, section phantom: {problem}")
