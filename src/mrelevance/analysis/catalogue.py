"""The steps that make the tables of the cohort, and where each table stands in the report.

To add a table, add an entry to this catalogue, the function that it names, a caption
`workflow/report/{table}_table.rst` for each table that the report shows, and a test. The workflow
makes the rules from the entries; `steps` reads the inputs and calls the functions.

Uses only the standard library, because Snakemake reads this module in an environment without
pandas.
"""

from mrelevance.analysis.catalogue_of_members import OF_MEMBERS
from mrelevance.analysis.categories import AGREEMENT, COHORT, IMAGES, MAPS, PROTOCOL, RELEVANCE
from mrelevance.analysis.entry import Entry, Input, Table, of_all, of_test, of_variants, summary

_RELEVANCE_KEYS = ("patient", "region_name", "method", "target", "region", "lesion", "sequence")
_SCORE_KEYS = ("patient", "region_name")
_LESION_KEYS = ("patient", "region_name", "region", "region_id", "lesion")
_METHODS = {
    "relevance": of_test("relevance/{patient}{region}/relevance.tsv", *_RELEVANCE_KEYS),
    "occlusion": of_test("evaluation/{patient}{region}/occlusion.tsv", *_RELEVANCE_KEYS),
    "gradient_methods": of_test(
        "evaluation/{patient}{region}/gradient_methods.tsv", *_RELEVANCE_KEYS
    ),
    "shapley": of_test("evaluation/{patient}{region}/shapley.tsv", *_RELEVANCE_KEYS),
}
_SCORES = "prediction/{patient}{region}/scores.tsv"
_LESIONS = "prediction/{patient}{region}/lesions.tsv"

_COMPOSITE = {"composite": "figures.composite"}
_SEED = {"seed": "seed"}
_SEQUENCES = {"sequences": "sequences"}
_BOOTSTRAP = {"resamples": "summary.resamples", "confidence": "summary.confidence"} | _SEED
_VARIANTS = {"variants": "variants"}

_ENTRIES = (
    Entry(
        function="mrelevance.analysis.cohort:summarise_cohort",
        message="Describing the cohort",
        inputs={
            "split": Input("cohort/split.tsv"),
            "lesions": of_all("raw/{patient}/lesions.tsv", "patient", "lesion"),
        },
        tables=(Table("cohort", "Cohort, table", IMAGES), Table("cohort_lesions")),
    ),
    Entry(
        function="mrelevance.analysis.cohort:summarise_motion",
        message="Collecting the quality of motion correction",
        inputs={"quality": of_all("motion/{patient}/quality.tsv", "patient", "sequence")},
        tables=(Table("motion"),),
    ),
    Entry(
        function="mrelevance.analysis.cohort:summarise_segmentation",
        message="Collecting what the network found and missed",
        inputs={
            "scores": of_test(_SCORES, *_SCORE_KEYS),
            "lesions": of_test(_LESIONS, *_LESION_KEYS),
        },
        tables=(Table("scores"), Table("lesions")),
    ),
    Entry(
        function="mrelevance.analysis.cohort:summarise_ablation",
        message="Collecting how patients are segmented from fewer sequences",
        inputs={
            "ablation": of_test(
                "evaluation/{patient}{region}/ablation.tsv",
                *("patient", "region_name", "ablation", "sequence"),
            )
        },
        tables=(Table("ablation", "Without a sequence, table", AGREEMENT),),
    ),
    Entry(
        function="mrelevance.analysis.sequences:summarise_relevance",
        message="Collecting the relevance of every sequence",
        inputs={name: _METHODS[name] for name in ("relevance", "occlusion", "shapley")},
        tables=(Table("relevance", "All values, table", RELEVANCE),),
    ),
    Entry(
        function="mrelevance.analysis.sequences:compare_sequences",
        message="Testing whether relevance differs between sequences",
        inputs={"relevance": summary("relevance")},
        settings=_BOOTSTRAP,
        tables=(
            Table("intervals", "Intervals, table", RELEVANCE),
            Table("friedman", "Friedman test, table", RELEVANCE),
            Table("pairwise", "Pairwise tests, table", RELEVANCE),
        ),
    ),
    Entry(
        function="mrelevance.evaluation.agreement:compare_methods",
        message="Comparing every attribution method with the measurement",
        inputs=_METHODS,
        tables=(Table("agreement"),),
    ),
    Entry(
        function="mrelevance.evaluation.agreement:summarise_agreement",
        message="Summarising how well every attribution method agrees with the measurement",
        inputs={"agreement": summary("agreement")},
        settings=_BOOTSTRAP,
        tables=(Table("agreement_summary", "Agreement, table", AGREEMENT),),
    ),
    Entry(
        function="mrelevance.evaluation.maps:summarise_maps",
        message="Summarising the tests of the maps of every method",
        inputs={
            "curves": Input("evaluation/maps{region}/perturbation.tsv"),
            "similarities": Input("evaluation/maps{region}/randomisation.tsv"),
        },
        settings=_BOOTSTRAP,
        tables=(
            Table("perturbation", "Region perturbation, table", MAPS),
            Table("randomisation", "Randomised weights, table", MAPS),
        ),
    ),
    Entry(
        function="mrelevance.analysis.context:summarise_context",
        message="Collecting where in the image relevance comes from",
        inputs={
            "context": of_test(
                "relevance/{patient}{region}/context.tsv",
                *(*_RELEVANCE_KEYS, "zone"),
            )
        },
        settings=_BOOTSTRAP,
        tables=(
            Table("context"),
            Table("zones", "Context, table", COHORT),
            Table("evidence", "For and against, table", COHORT),
        ),
    ),
    Entry(
        function="mrelevance.analysis.targets:summarise_targets",
        message="Comparing the margin with each of its logits",
        inputs={
            "targets": of_test(
                "evaluation/{patient}{region}/targets.tsv",
                *("patient", "region_name", "target", "region", "lesion", "sequence"),
            )
        },
        settings=_BOOTSTRAP,
        tables=(Table("targets", "Relative to what, table", COHORT),),
    ),
    Entry(
        function="mrelevance.analysis.lesion_features:describe_lesions",
        message="Comparing size and contrast of the lesions with their relevance",
        inputs={
            "relevance": summary("relevance"),
            "lesions": summary("lesions"),
            "contrast": of_test(
                "relevance/{patient}{region}/contrast.tsv",
                *("patient", "region_name", "region", "lesion", "sequence"),
            ),
            "conspicuity": of_test(
                "raw/{patient}/truth/conspicuity.tsv",
                *("patient", "lesion", "sequence"),
                needs_truth=True,
            ),
        },
        settings=_COMPOSITE | _BOOTSTRAP,
        tables=(
            Table("lesion_features"),
            Table("feature_correlation", "By size and contrast, table", COHORT),
        ),
    ),
    Entry(
        function="mrelevance.analysis.individuals:compare_patients",
        message="Comparing each patient with all others",
        inputs={
            "relevance": summary("relevance"),
            "scores": summary("scores"),
            "lesions": summary("lesions"),
            "motion": summary("motion"),
            "features": summary("lesion_features"),
        },
        settings=_COMPOSITE,
        tables=(
            Table("individuals", "Individuals, table", COHORT),
            Table("individual_differences", "What is different about a patient, table", COHORT),
        ),
    ),
    Entry(
        function="mrelevance.analysis.strategies:group_strategies",
        message="Grouping lesions by what the network looks at",
        inputs={"context": summary("context"), "features": summary("lesion_features")},
        settings=_COMPOSITE | _SEED,
        tables=(
            Table("strategies"),
            Table("strategy_summary", "Strategies, table", COHORT),
            Table("strategy_eigenvalues"),
        ),
    ),
    Entry(
        function="mrelevance.analysis.prototypes:average_maps",
        message="Averaging the relevance maps of each lesion type",
        inputs={
            "lesions": summary("lesions"),
            "maps": of_test("relevance/{patient}{region}/volumes"),
            "regions": of_test("prediction/{patient}{region}/regions.nii.gz"),
        },
        settings=_COMPOSITE | _SEQUENCES,
        tables=(Table("prototypes", "Prototypes, table", COHORT),),
        arrays=("prototypes{region}.npz",),
    ),
    Entry(
        function="mrelevance.evaluation.known_answer:compare_known_answer",
        message="Comparing every method with the known answer",
        inputs=_METHODS,
        settings={
            "known_answer": "phantom.known_answer",
            "sequence": "phantom.known_answer_sequence",
        }
        | _BOOTSTRAP,
        tables=(
            Table("known_answer", "Known answer, table", AGREEMENT),
            Table("relevance_by_method"),
        ),
        target="known_answer",
    ),
    Entry(
        function="mrelevance.evaluation.baselines:compare_baselines",
        message="Comparing what is measured with every baseline",
        inputs={
            "shapley": of_variants("evaluation/{patient}{region}/shapley.tsv", *_RELEVANCE_KEYS)
        },
        settings=_VARIANTS | {"baseline": "relevance.baseline"} | _BOOTSTRAP,
        tables=(
            Table("baselines"),
            Table("baselines_agreement", "Baselines, table", AGREEMENT),
        ),
        target="baselines",
    ),
    Entry(
        function="mrelevance.analysis.motion_effect:measure_motion_effect",
        message="Comparing networks trained with more and with less motion correction",
        inputs={
            "scores": of_variants(_SCORES, *_SCORE_KEYS),
            "shapley": of_variants("evaluation/{patient}{region}/shapley.tsv", *_RELEVANCE_KEYS),
        },
        settings=_VARIANTS | {"method": "motion.method"} | _BOOTSTRAP,
        tables=(Table("motion_effect", "Effect of motion correction, table", IMAGES),),
        target="motion_effect",
    ),
    Entry(
        function="mrelevance.analysis.networks:compare_networks",
        message="Comparing networks: are they as good, do they use the same sequences?",
        inputs={
            "scores": of_variants(_SCORES, *_SCORE_KEYS),
            "lesions": of_variants(_LESIONS, *_LESION_KEYS),
            "relevance": of_variants("relevance/{patient}{region}/relevance.tsv", *_RELEVANCE_KEYS),
            "shapley": of_variants("evaluation/{patient}{region}/shapley.tsv", *_RELEVANCE_KEYS),
        },
        settings=_VARIANTS | _COMPOSITE | {"margin": "protocol.margin_dice"} | _BOOTSTRAP,
        tables=(
            Table("networks", "Other networks, table", PROTOCOL),
            Table("networks_agreement", "Agreement of networks, table", PROTOCOL),
            Table("networks_verdict", "Other networks, verdict", PROTOCOL),
        ),
        target="networks",
    ),
    Entry(
        function="mrelevance.protocol.selection:compare_subsets",
        message="Testing whether shorter protocols are as good as the full one",
        inputs={
            "subsets": Input("protocol/subsets.tsv"),
            "scores": of_variants(_SCORES, *_SCORE_KEYS),
            "lesions": of_variants(_LESIONS, *_LESION_KEYS),
        },
        settings={
            **_SEQUENCES,
            "margin_dice": "protocol.margin_dice",
            "margin_sensitivity": "protocol.margin_sensitivity",
            "minutes": "protocol.acquisition_minutes",
        }
        | _BOOTSTRAP,
        tables=(
            Table("selection", "Shorter protocols, table", PROTOCOL),
            Table("selection_scores"),
            Table("selection_verdict", "Verdict", PROTOCOL),
        ),
        target="select",
    ),
    Entry(
        function="mrelevance.protocol.dropping:compare_dropping",
        message="Comparing the relevance of each sequence with the cost of dropping it",
        inputs={
            "relevance": summary("relevance"),
            "ablation": summary("ablation"),
            "scores": summary("selection_scores"),
        },
        settings=_SEQUENCES | _BOOTSTRAP,
        tables=(
            Table("dropping", "Did relevance predict it, table", PROTOCOL),
            Table("dropping_values"),
            Table("dropping_verdict", "Did relevance predict it, verdict", PROTOCOL),
        ),
        target="select",
    ),
)

TABLES = {entry.name: entry for entry in (*_ENTRIES, *OF_MEMBERS)}
"""Steps by name, which is also that of their functions, rules and logs."""
