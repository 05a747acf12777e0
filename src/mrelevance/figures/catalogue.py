"""Every figure of the study: what it is called, what it is drawn from, where the report shows it.

The function `draw` of the module `mrelevance.figures.{name}` draws the figure. The workflow saves
it as `figures/{name}.png`, `.svg` and `.pdf` in the results folder. Its caption is
`workflow/report/{name}.rst`.

Uses only the standard library: Snakemake's own environment has neither pandas nor matplotlib.
"""

from mrelevance.analysis.categories import (
    AGREEMENT,
    COHORT,
    IMAGES,
    MAPS,
    NETWORK,
    PROTOCOL,
    RELEVANCE,
)
from mrelevance.figures.entry import Entry

_OF_LESION = {
    "relevance": "summary/relevance.tsv",
    "lesions": "summary/lesions.tsv",
    "maps": "relevance/{patient}{region}/volumes",
    "images": "preprocessed/{patient}/image.nii",
    "labels": "prediction/{patient}{region}/label.nii.gz",
    "regions": "prediction/{patient}{region}/regions.nii.gz",
    "segmentations": "prediction/{patient}{region}/segmentation.nii.gz",
}

ENTRIES = (
    Entry(
        "cohort_glance",
        "Cohort at a glance",
        IMAGES,
        {
            "split": "cohort/split.tsv",
            "lesions": "summary/cohort_lesions.tsv",
            "image": "preprocessed/{first_patient}/image.nii",
            "label": "preprocessed/{first_patient}/label.nii.gz",
        },
        ("sequences", "seed"),
        by_region=False,
    ),
    Entry(
        "motion_correction",
        "Motion correction",
        IMAGES,
        {"motion": "summary/motion.tsv"},
        ("sequences", "fixed_sequence"),
        by_region=False,
    ),
    Entry(
        "motion_effect",
        "Effect of motion correction",
        IMAGES,
        {"effect": "summary/motion_effect.tsv"},
        ("sequences",),
        target="motion_effect",
    ),
    Entry(
        "learning_curve",
        "Training",
        NETWORK,
        {"history": "model/history.tsv"},
        by_region=False,
        of_training=True,
    ),
    Entry(
        "lesion_detection",
        "Detection",
        NETWORK,
        {"lesions": "summary/lesions.tsv", "scores": "summary/scores.tsv"},
    ),
    Entry(
        "parallel_coordinates",
        "Figure 1: relevance per sequence",
        RELEVANCE,
        {
            "relevance": "summary/relevance.tsv",
            "friedman": "summary/friedman.tsv",
            "agreement": "summary/agreement_summary.tsv",
        },
        ("sequences",),
    ),
    Entry(
        "true_positive",
        "Figure 2: a true positive",
        RELEVANCE,
        _OF_LESION,
        ("sequences", "composite"),
    ),
    Entry(
        "false_negative",
        "Figure 3: a false negative",
        RELEVANCE,
        _OF_LESION,
        ("sequences", "composite"),
    ),
    Entry(
        "share_volume",
        "Shares, voxel by voxel",
        RELEVANCE,
        {
            "relevance": "summary/relevance.tsv",
            "lesions": "summary/lesions.tsv",
            "maps": "relevance/{patient}{region}/volumes",
            "images": "preprocessed/{patient}/image.nii",
            "segmentations": "prediction/{patient}{region}/segmentation.nii.gz",
        },
        ("sequences", "composite"),
    ),
    Entry(
        "relevance_by_type",
        "By lesion type",
        RELEVANCE,
        {"relevance": "summary/relevance.tsv", "lesions": "summary/lesions.tsv"},
        ("sequences", "composite", "seed"),
    ),
    Entry(
        "agreement",
        "Rules against the measurement",
        AGREEMENT,
        {"relevance": "summary/relevance.tsv", "agreement": "summary/agreement_summary.tsv"},
        ("sequences",),
    ),
    Entry(
        "faithfulness",
        "Faithfulness of all methods",
        AGREEMENT,
        {"agreement": "summary/agreement_summary.tsv"},
    ),
    Entry(
        "ablation",
        "Without a sequence",
        AGREEMENT,
        {"ablation": "summary/ablation.tsv"},
        ("sequences",),
    ),
    Entry(
        "known_answer",
        "Known answer",
        AGREEMENT,
        {
            "relevance": "summary/relevance_by_method.tsv",
            "known_answer": "summary/known_answer.tsv",
        },
        target="known_answer",
    ),
    Entry(
        "baselines",
        "Baselines",
        AGREEMENT,
        {"shares": "summary/baselines.tsv", "agreement": "summary/baselines_agreement.tsv"},
        ("sequences",),
        target="baselines",
    ),
    Entry(
        "map_gallery",
        "Gallery of rules",
        MAPS,
        {
            "volumes": "evaluation/maps{region}/gallery",
            "conservation": "evaluation/maps{region}/conservation.tsv",
        },
        ("sequences",),
    ),
    Entry(
        "perturbation",
        "Region perturbation",
        MAPS,
        {"curves": "evaluation/maps{region}/perturbation.tsv", "areas": "summary/perturbation.tsv"},
    ),
    Entry(
        "randomisation",
        "Randomised weights",
        MAPS,
        {"similarities": "summary/randomisation.tsv"},
    ),
    Entry(
        "context",
        "Context",
        COHORT,
        {"context": "summary/context.tsv", "zones": "summary/zones.tsv"},
        ("seed",),
    ),
    Entry(
        "evidence",
        "For and against",
        COHORT,
        {"evidence": "summary/evidence.tsv"},
        ("sequences",),
    ),
    Entry(
        "targets",
        "Relative to what",
        COHORT,
        {"targets": "summary/targets.tsv"},
        ("sequences",),
    ),
    Entry(
        "individuals",
        "Individual against population",
        COHORT,
        {
            "distances": "summary/individuals.tsv",
            "differences": "summary/individual_differences.tsv",
        },
        ("sequences", "composite"),
    ),
    Entry(
        "relevance_by_feature",
        "By size and contrast",
        COHORT,
        {
            "relevance": "summary/relevance.tsv",
            "features": "summary/lesion_features.tsv",
            "correlation": "summary/feature_correlation.tsv",
        },
        ("sequences", "composite"),
    ),
    Entry(
        "strategies",
        "Strategies",
        COHORT,
        {
            "strategies": "summary/strategies.tsv",
            "summary": "summary/strategy_summary.tsv",
            "eigenvalues": "summary/strategy_eigenvalues.tsv",
            "lesions": "summary/lesions.tsv",
            "images": "preprocessed/{patient}/image.nii",
            "regions": "prediction/{patient}{region}/regions.nii.gz",
        },
        ("sequences", "composite"),
    ),
    Entry(
        "prototypes",
        "Prototypes",
        COHORT,
        {"prototypes": "summary/prototypes{region}.npz"},
        ("sequences", "composite"),
    ),
    Entry(
        "selection",
        "How many sequences are needed",
        PROTOCOL,
        {"selection": "summary/selection.tsv"},
        ("sequences",),
        target="select",
    ),
    Entry(
        "protocols",
        "Every shorter protocol",
        PROTOCOL,
        {"selection": "summary/selection.tsv"},
        ("sequences",),
        target="select",
    ),
    Entry(
        "dropping",
        "Did relevance predict it?",
        PROTOCOL,
        {"values": "summary/dropping_values.tsv", "agreement": "summary/dropping.tsv"},
        ("sequences",),
        target="select",
    ),
    Entry(
        "networks",
        "Do other networks look at the same?",
        PROTOCOL,
        {
            "values": "summary/networks.tsv",
            "agreement": "summary/networks_agreement.tsv",
            "verdict": "summary/networks_verdict.tsv",
        },
        ("sequences",),
        target="networks",
    ),
)

FIGURES = {entry.name: entry for entry in ENTRIES}
