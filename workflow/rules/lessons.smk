# What the relevance teaches: where it comes from, what speaks for and against, relative to what, who
# is unlike the others, which strategies there are.


rule summarise_context:
    input:
        context=for_split("test", "results/relevance/{patient}/context.tsv"),
    output:
        context="results/summary/context.tsv",
        zones=report(
            "results/summary/zones.tsv",
            caption="../report/zones_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "Context, table"},
        ),
        evidence=report(
            "results/summary/evidence.tsv",
            caption="../report/evidence_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "For and against, table"},
        ),
        provenance=multiext(
            "results/summary/", "context.json", "zones.json", "evidence.json"
        ),
    log:
        "results/logs/summarise_context.log",
    benchmark:
        "results/benchmarks/summarise_context.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("summarise_context"),
    message:
        "Collecting where in the image relevance comes from"
    script:
        "../scripts/summarise_context.py"


rule summarise_targets:
    input:
        targets=for_split("test", "results/evaluation/{patient}/targets.tsv"),
    output:
        targets=report(
            "results/summary/targets.tsv",
            caption="../report/targets_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "Relative to what, table"},
        ),
        provenance="results/summary/targets.json",
    log:
        "results/logs/summarise_targets.log",
    benchmark:
        "results/benchmarks/summarise_targets.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("summarise_targets"),
    message:
        "Comparing the margin with each of its logits"
    script:
        "../scripts/summarise_targets.py"


rule describe_lesions:
    input:
        relevance="results/summary/relevance.tsv",
        lesions="results/summary/lesions.tsv",
        contrast=for_split("test", "results/relevance/{patient}/contrast.tsv"),
        conspicuity=true_conspicuity,
    output:
        features="results/summary/lesion_features.tsv",
        correlation=report(
            "results/summary/feature_correlation.tsv",
            caption="../report/feature_correlation_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "By size and contrast, table"},
        ),
        provenance=multiext(
            "results/summary/", "lesion_features.json", "feature_correlation.json"
        ),
    log:
        "results/logs/describe_lesions.log",
    benchmark:
        "results/benchmarks/describe_lesions.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("describe_lesions"),
    message:
        "Setting size and contrast of the lesions beside their relevance"
    script:
        "../scripts/describe_lesions.py"


rule compare_patients:
    input:
        relevance="results/summary/relevance.tsv",
        scores="results/summary/scores.tsv",
        lesions="results/summary/lesions.tsv",
        motion="results/summary/motion.tsv",
        features="results/summary/lesion_features.tsv",
    output:
        distances=report(
            "results/summary/individuals.tsv",
            caption="../report/individuals_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "Individuals, table"},
        ),
        differences=report(
            "results/summary/individual_differences.tsv",
            caption="../report/individual_differences_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "What is different about a patient, table"},
        ),
        provenance=multiext(
            "results/summary/", "individuals.json", "individual_differences.json"
        ),
    log:
        "results/logs/compare_patients.log",
    benchmark:
        "results/benchmarks/compare_patients.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        code=code_version("compare_patients"),
    message:
        "Comparing each patient with all others"
    script:
        "../scripts/compare_patients.py"


rule group_strategies:
    input:
        context="results/summary/context.tsv",
        features="results/summary/lesion_features.tsv",
        lesions="results/summary/lesions.tsv",
        images=for_split("test", "results/preprocessed/{patient}/image.nii"),
        regions=for_split("test", "results/prediction/{patient}/regions.nii.gz"),
    output:
        strategies="results/summary/strategies.tsv",
        summary=report(
            "results/summary/strategy_summary.tsv",
            caption="../report/strategies_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "Strategies, table"},
        ),
        provenance=multiext(
            "results/summary/", "strategies.json", "strategy_summary.json"
        ),
        png=report(
            "results/figures/strategies.png",
            caption="../report/strategies.rst",
            category="6 What the relevance teaches",
            labels={"result": "Strategies"},
        ),
        vector=multiext("results/figures/strategies", ".svg", ".pdf"),
    log:
        "results/logs/group_strategies.log",
    benchmark:
        "results/benchmarks/group_strategies.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        seed=config["seed"],
        code=code_version("group_strategies"),
    message:
        "Grouping lesions by what the network looks at"
    script:
        "../scripts/group_strategies.py"


rule average_maps:
    input:
        lesions="results/summary/lesions.tsv",
        maps=for_split(
            "test",
            f"results/relevance/{{patient}}/{config['figures']['composite']}",
        ),
        regions=for_split("test", "results/prediction/{patient}/regions.nii.gz"),
    output:
        profiles=report(
            "results/summary/prototypes.tsv",
            caption="../report/prototypes_table.rst",
            category="6 What the relevance teaches",
            labels={"result": "Prototypes, table"},
        ),
        provenance="results/summary/prototypes.json",
        png=report(
            "results/figures/prototypes.png",
            caption="../report/prototypes.rst",
            category="6 What the relevance teaches",
            labels={"result": "Prototypes"},
        ),
        vector=multiext("results/figures/prototypes", ".svg", ".pdf"),
    log:
        "results/logs/average_maps.log",
    benchmark:
        "results/benchmarks/average_maps.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        code=code_version("average_maps"),
    message:
        "Averaging the relevance maps of each lesion type"
    script:
        "../scripts/average_maps.py"
