"""Answers and warnings of a region, from the tables of a study."""

import re
from html import escape

from mrelevance.figures.catalogue import FIGURES
from mrelevance.reporting.page import answers, cautions
from mrelevance.reporting.page.answers import Answer, LesionTest
from mrelevance.reporting.page.contents import identity_of
from mrelevance.reporting.page.glossary import explained
from mrelevance.reporting.page.shares import lost_if_replaced
from mrelevance.reporting.page.study import Study
from mrelevance.runtime.network_source import is_trained_elsewhere


def answers_of(study: Study, folder: str, name: str) -> list[dict]:
    """The three answers; `folder` is what paths of the region have, `name` is its name."""
    tables = {key: study.table(key, name) for key in ("intervals", "pairwise", "agreement_summary")}
    protocol = study.config["protocol"]
    losses = lost_if_replaced(study.table("ablation", name), study.sequences, study.intervals)
    selected = "select" in study.targets
    given = [
        answers.rests_on(tables["intervals"], tables["pairwise"], study.confidence),
        answers.rule_to_believe(tables["agreement_summary"], study.composites, study.confidence),
        answers.can_be_dropped(
            study.table("selection_verdict", name)["verdict"].iloc[0] if selected else None,
            LesionTest(
                study.table("selection", name)["subset"].nunique() - 1 if selected else 1,
                int(study.table("scores", name)["lesions"].sum()),
                protocol["margin_sensitivity"],
                study.confidence,
            ),
            answers.little_lost(losses, protocol["margin_dice"], study.confidence),
            is_trained_elsewhere(study.config),
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
        *cautions.of_members(
            study.table("ensemble_distance", name) if study.fewer_members else None
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
