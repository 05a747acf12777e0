"""An answer of the report page, and words about its patients."""

from dataclasses import dataclass

from mrelevance.runtime.wording import counted


@dataclass(frozen=True)
class Answer:
    """A question of the page, its answer, and the name of the figure that shows it."""

    question: str
    text: str
    figure: str
    link: str


def too_few(patients: int, fewest: int, judge: str = "judge") -> str:
    """Sentence that so many patients with predicted tumour are too few.

    `judge` is what they are too few for; `fewest` patients can do it.
    """
    with_tumour = counted(
        patients, "patient with predicted tumour", "patients with predicted tumour"
    )
    verb = "is" if patients == 1 else "are"
    return f"{with_tumour} {verb} too few to {judge}: at least {fewest} are needed."


def median_of(patients: int) -> str:
    """What a number stands for: `median of 3 patients`, or `1 patient`."""
    return f"median of {patients} patients" if patients > 1 else "1 patient"
