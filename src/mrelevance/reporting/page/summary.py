"""Answers and warnings of a region, from the tables of a study."""

import re
from html import escape

from mrelevance.figures.catalogue import FIGURES
from mrelevance.reporting.page import cautions
from mrelevance.reporting.page.answers import Answer
from mrelevance.reporting.page.contents import identity_of
from mrelevance.reporting.page.dropping import Sample, can_be_dropped, little_lost
from mrelevance.reporting.page.glossary import explained
from mrelevance.reporting.page.leading_sequences import rests_on
from mrelevance.reporting.page.shares import lost_if_replaced
from mrelevance.reporting.page.study import Study
from mrelevance.reporting.page.trusted_rules import rule_to_believe
from mrelevance.runtime.network_source import is_trained_elsewhere


def answers_of(study: Study, folder: str, name: str) -> list[dict]:
    """The three answers; `folder` is what paths of the region have, `name` is its name."""
    scores, selection = study.table("scores", name), study.selection(name)
    protocol, confidence = study.config["protocol"], study.confidence
    losses = lost_if_replaced(study.table("ablation", name), study.sequences, study.intervals)
    sample = Sample(
        protocols=1 if selection is None else selection["subset"].nunique() - 1,
        patients=int(scores["dice"].notna().sum()),
        lesions=int(scores["lesions"].sum()),
        margin=protocol["margin_sensitivity"],
        confidence=confidence,
    )
    given = [
        rests_on(
            study.shares(name),
            study.table("pairwise", name),
            confidence,
            not scores["detected"].any() and scores["false_positives"].any(),
        ),
        rule_to_believe(study.table("agreement_summary", name), study.composites, confidence),
        can_be_dropped(
            selection,
            study.verdict(name),
            sample,
            little_lost(losses, protocol["margin_dice"], sample),
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
