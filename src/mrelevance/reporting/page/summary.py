"""Answers and warnings of a region, from the tables of a study."""

import re
from html import escape

from mrelevance.figures.catalogue import FIGURES
from mrelevance.reporting.page import answers, cautions
from mrelevance.reporting.page.answers import Answer
from mrelevance.reporting.page.contents import identity_of
from mrelevance.reporting.page.glossary import explained
from mrelevance.reporting.page.study import Study


def answers_of(study: Study, folder: str, name: str) -> list[dict]:
    """The three answers; `folder` is what paths of the region have, `name` is its name."""
    tables = {key: study.table(key, name) for key in ("intervals", "pairwise", "agreement_summary")}
    selected = "select" in study.targets
    selection = study.table("selection", name) if selected else None
    given = [
        answers.rests_on(tables["intervals"], tables["pairwise"], study.confidence),
        answers.rule_to_believe(tables["agreement_summary"], study.composites, study.confidence),
        answers.can_be_dropped(
            study.table("selection_verdict", name) if selected else None,
            selection["subset"].nunique() - 1 if selected else 1,
            int(study.table("scores", name)["lesions"].sum()),
            study.config["protocol"]["margin_sensitivity"],
            study.confidence,
        ),
    ]
    return [_linked(answer, folder) for answer in given]


def cautions_of(study: Study, folder: str, name: str) -> list[dict]:
    """Warnings, the gravest first."""
    scores = study.table("scores", name)
    config = study.config
    compared = "baselines" in study.targets
    found = [
        *cautions.of_segmentation(scores),
        *cautions.of_motion(study.table("motion", name), config["motion"]["on_failure"]),
        *cautions.of_rules(study.table("agreement_summary", name)),
        *cautions.of_size(scores),
        *cautions.of_baselines(
            study.table("baselines_agreement", name) if compared else None,
            config["relevance"]["baseline"],
        ),
        *cautions.of_measurement(study.table("relevance", name)),
        *cautions.of_source(config["cohort"]["source"]),
    ]
    return [
        {
            "text": _html(caution.text),
            "link": _place(caution.figure, folder),
        }
        for caution in found
    ]


def _linked(answer: Answer, folder: str) -> dict:
    return {
        "question": answer.question,
        "text": _html(answer.text),
        "link": _place(answer.figure, folder),
        "where": answer.link,
    }


def _place(figure: str, folder: str) -> str:
    return identity_of(figure, folder if FIGURES[figure].by_region else "")


def _html(text: str) -> str:
    """Text as HTML, with explained words, and commands between backticks as code."""
    return explained(re.sub("`(.+?)`", r"<code>\1</code>", escape(text, quote=False)))
