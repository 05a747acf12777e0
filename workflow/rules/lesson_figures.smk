rule plot_context:
    input:
        context="results/summary/context.tsv",
        zones="results/summary/zones.tsv",
    output:
        png=report(
            "results/figures/context.png",
            caption="../report/context.rst",
            category="6 What the relevance teaches",
            labels={"result": "Context"},
        ),
        vector=multiext("results/figures/context", ".svg", ".pdf"),
    log:
        "results/logs/plot_context.log",
    benchmark:
        "results/benchmarks/plot_context.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        seed=config["seed"],
        code=code_version("plot_context"),
    message:
        "Drawing where relevance comes from"
    script:
        "../scripts/plot_context.py"


rule plot_evidence:
    input:
        evidence="results/summary/evidence.tsv",
    output:
        png=report(
            "results/figures/evidence.png",
            caption="../report/evidence.rst",
            category="6 What the relevance teaches",
            labels={"result": "For and against"},
        ),
        vector=multiext("results/figures/evidence", ".svg", ".pdf"),
    log:
        "results/logs/plot_evidence.log",
    benchmark:
        "results/benchmarks/plot_evidence.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_evidence"),
    message:
        "Drawing evidence for and against the tumour"
    script:
        "../scripts/plot_evidence.py"


rule plot_targets:
    input:
        targets="results/summary/targets.tsv",
    output:
        png=report(
            "results/figures/targets.png",
            caption="../report/targets.rst",
            category="6 What the relevance teaches",
            labels={"result": "Relative to what"},
        ),
        vector=multiext("results/figures/targets", ".svg", ".pdf"),
    log:
        "results/logs/plot_targets.log",
    benchmark:
        "results/benchmarks/plot_targets.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_targets"),
    message:
        "Drawing the margin beside its logits"
    script:
        "../scripts/plot_targets.py"


rule plot_individuals:
    input:
        distances="results/summary/individuals.tsv",
        differences="results/summary/individual_differences.tsv",
    output:
        png=report(
            "results/figures/individuals.png",
            caption="../report/individuals.rst",
            category="6 What the relevance teaches",
            labels={"result": "Individual against population"},
        ),
        vector=multiext("results/figures/individuals", ".svg", ".pdf"),
    log:
        "results/logs/plot_individuals.log",
    benchmark:
        "results/benchmarks/plot_individuals.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        code=code_version("plot_individuals"),
    message:
        "Drawing who is unlike the others"
    script:
        "../scripts/plot_individuals.py"


rule plot_relevance_by_feature:
    input:
        relevance="results/summary/relevance.tsv",
        features="results/summary/lesion_features.tsv",
        correlation="results/summary/feature_correlation.tsv",
    output:
        png=report(
            "results/figures/relevance_by_feature.png",
            caption="../report/relevance_by_feature.rst",
            category="6 What the relevance teaches",
            labels={"result": "By size and contrast"},
        ),
        vector=multiext("results/figures/relevance_by_feature", ".svg", ".pdf"),
    log:
        "results/logs/plot_relevance_by_feature.log",
    benchmark:
        "results/benchmarks/plot_relevance_by_feature.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        code=code_version("plot_relevance_by_feature"),
    message:
        "Drawing relevance over size and contrast"
    script:
        "../scripts/plot_relevance_by_feature.py"
