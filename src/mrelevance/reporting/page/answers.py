"""An answer of the report page, and words about its patients."""

from dataclasses import dataclass

from mrelevance.runtime.wording import counted

WITH_TUMOUR = "with predicted tumour"


@dataclass(frozen=True)
class Answer:
    """A question of the page, its answer, and the name of the figure that shows it."""

    question: str
    text: str
    figure: str
    link: str


def too_few(patients: int, fewest: int, judge: str = "judge", known: str = "") -> str:
    """Sentence that so many patients are too few, and that `fewest` are needed.

    `judge` is what they are too few for; `known` says what is known of them, such as
    `with predicted tumour`.
    """
    who = " ".join(filter(None, [counted(patients, "test patient"), known]))
    verb = "is" if patients == 1 else "are"
    return f"{who} {verb} too few to {judge}: at least {fewest} are needed."


def median_of(patients: int) -> str:
    """What a number stands for: `median of 3 patients`, or `1 patient`."""
    return f"median of {patients} patients" if patients > 1 else "1 patient"
