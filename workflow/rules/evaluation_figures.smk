rule plot_agreement:
    input:
        relevance="results/summary/relevance.tsv",
        agreement="results/summary/agreement_summary.tsv",
    output:
        png=report(
            "results/figures/agreement.png",
            caption="../report/agreement.rst",
            category="4 Agreement",
            labels={"result": "Rules against the measurement"},
        ),
        vector=multiext("results/figures/agreement", ".svg", ".pdf"),
    log:
        "results/logs/plot_agreement.log",
    benchmark:
        "results/benchmarks/plot_agreement.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_agreement"),
    message:
        "Drawing every composite beside the measurement"
    script:
        "../scripts/plot_agreement.py"


rule plot_faithfulness:
    input:
        agreement="results/summary/agreement_summary.tsv",
    output:
        png=report(
            "results/figures/faithfulness.png",
            caption="../report/faithfulness.rst",
            category="4 Agreement",
            labels={"result": "Faithfulness of all methods"},
        ),
        vector=multiext("results/figures/faithfulness", ".svg", ".pdf"),
    log:
        "results/logs/plot_faithfulness.log",
    benchmark:
        "results/benchmarks/plot_faithfulness.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("plot_faithfulness"),
    message:
        "Drawing how near every method comes to the measurement"
    script:
        "../scripts/plot_faithfulness.py"


rule plot_ablation:
    input:
        ablation="results/summary/ablation.tsv",
    output:
        png=report(
            "results/figures/ablation.png",
            caption="../report/ablation.rst",
            category="4 Agreement",
            labels={"result": "Without a sequence"},
        ),
        vector=multiext("results/figures/ablation", ".svg", ".pdf"),
    log:
        "results/logs/plot_ablation.log",
    benchmark:
        "results/benchmarks/plot_ablation.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_ablation"),
    message:
        "Drawing how the network does without a sequence"
    script:
        "../scripts/plot_ablation.py"
