rule summarise_cohort:
    input:
        split="results/cohort/split.tsv",
        lesions=expand("results/raw/{patient}/lesions.tsv", patient=PATIENTS),
    output:
        cohort=report(
            "results/summary/cohort.tsv",
            caption="../report/cohort_table.rst",
            category="1 Images",
            labels={"result": "Cohort, table"},
        ),
        lesions="results/summary/cohort_lesions.tsv",
        provenance=multiext("results/summary/", "cohort.json", "cohort_lesions.json"),
    log:
        "results/logs/summarise_cohort.log",
    benchmark:
        "results/benchmarks/summarise_cohort.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("summarise_cohort"),
    message:
        "Describing the cohort"
    script:
        "../scripts/summarise_cohort.py"


rule summarise_motion:
    input:
        quality=expand("results/motion/{patient}/quality.tsv", patient=PATIENTS),
    output:
        motion="results/summary/motion.tsv",
        provenance="results/summary/motion.json",
    log:
        "results/logs/summarise_motion.log",
    benchmark:
        "results/benchmarks/summarise_motion.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("summarise_motion"),
    message:
        "Collecting the quality of motion correction"
    script:
        "../scripts/summarise_motion.py"


rule summarise_segmentation:
    input:
        scores=for_split("test", "results/prediction/{patient}/scores.tsv"),
        lesions=for_split("test", "results/prediction/{patient}/lesions.tsv"),
    output:
        scores="results/summary/scores.tsv",
        lesions="results/summary/lesions.tsv",
        provenance=multiext("results/summary/", "scores.json", "lesions.json"),
    log:
        "results/logs/summarise_segmentation.log",
    benchmark:
        "results/benchmarks/summarise_segmentation.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("summarise_segmentation"),
    message:
        "Collecting what the network found and missed"
    script:
        "../scripts/summarise_segmentation.py"


rule summarise_relevance:
    input:
        relevance=for_split("test", "results/relevance/{patient}/relevance.tsv"),
        shapley=for_split("test", "results/evaluation/{patient}/shapley.tsv"),
        volumes=for_split("test", VOLUMES),
    output:
        relevance=report(
            "results/summary/relevance.tsv",
            caption="../report/relevance_table.rst",
            category="3 Relevance",
            labels={"result": "All values, table"},
        ),
        provenance="results/summary/relevance.json",
    log:
        "results/logs/summarise_relevance.log",
    benchmark:
        "results/benchmarks/summarise_relevance.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("summarise_relevance"),
    message:
        "Collecting the relevance of every sequence"
    script:
        "../scripts/summarise_relevance.py"


rule analyse_relevance:
    input:
        relevance="results/summary/relevance.tsv",
    output:
        intervals=report(
            "results/summary/intervals.tsv",
            caption="../report/intervals_table.rst",
            category="3 Relevance",
            labels={"result": "Intervals, table"},
        ),
        friedman=report(
            "results/summary/friedman.tsv",
            caption="../report/friedman_table.rst",
            category="3 Relevance",
            labels={"result": "Friedman test, table"},
        ),
        pairwise=report(
            "results/summary/pairwise.tsv",
            caption="../report/pairwise_table.rst",
            category="3 Relevance",
            labels={"result": "Pairwise tests, table"},
        ),
        provenance=multiext(
            "results/summary/", "intervals.json", "friedman.json", "pairwise.json"
        ),
    log:
        "results/logs/analyse_relevance.log",
    benchmark:
        "results/benchmarks/analyse_relevance.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("analyse_relevance"),
    message:
        "Testing whether relevance differs between sequences"
    script:
        "../scripts/analyse_relevance.py"


rule summarise_agreement:
    input:
        agreement="results/evaluation/agreement.tsv",
    output:
        agreement=report(
            "results/summary/agreement_summary.tsv",
            caption="../report/agreement_table.rst",
            category="4 Agreement",
            labels={"result": "Agreement, table"},
        ),
        provenance="results/summary/agreement_summary.json",
    log:
        "results/logs/summarise_agreement.log",
    benchmark:
        "results/benchmarks/summarise_agreement.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("summarise_agreement"),
    message:
        "Judging every attribution method by the measurement"
    script:
        "../scripts/summarise_agreement.py"


rule summarise_ablation:
    input:
        ablation=for_split("test", "results/evaluation/{patient}/ablation.tsv"),
    output:
        ablation=report(
            "results/summary/ablation.tsv",
            caption="../report/ablation_table.rst",
            category="4 Agreement",
            labels={"result": "Without a sequence, table"},
        ),
        provenance="results/summary/ablation.json",
    log:
        "results/logs/summarise_ablation.log",
    benchmark:
        "results/benchmarks/summarise_ablation.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("summarise_ablation"),
    message:
        "Collecting how patients are segmented from fewer sequences"
    script:
        "../scripts/summarise_ablation.py"
