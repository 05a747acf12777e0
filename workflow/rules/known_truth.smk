# Variants of the phantom in which the right answer is known: `decoy` and `single_source`.


rule judge_known_truth:
    input:
        relevance=for_split("test", "results/relevance/{patient}/relevance.tsv"),
        shapley=for_split("test", "results/evaluation/{patient}/shapley.tsv"),
        occlusion=for_split("test", "results/evaluation/{patient}/occlusion.tsv"),
        peers=for_split("test", "results/evaluation/{patient}/peers.tsv"),
        volumes=for_split("test", VOLUMES),
    output:
        truth=report(
            "results/summary/known_truth.tsv",
            caption="../report/known_truth_table.rst",
            category="4 Agreement",
            labels={"result": "Known answer, table"},
        ),
        provenance="results/summary/known_truth.json",
        relevance="results/evaluation/relevance_by_method.tsv",
    log:
        "results/logs/judge_known_truth.log",
    benchmark:
        "results/benchmarks/judge_known_truth.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        known_answer=config["phantom"]["known_answer"],
        sequence=config["phantom"]["known_answer_sequence"],
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("judge_known_truth"),
    message:
        "Judging every method by the sequence whose truth is known"
    script:
        "../scripts/judge_known_truth.py"


rule plot_known_truth:
    input:
        relevance="results/evaluation/relevance_by_method.tsv",
        truth="results/summary/known_truth.tsv",
    output:
        png=report(
            "results/figures/known_truth.png",
            caption="../report/known_truth.rst",
            category="4 Agreement",
            labels={"result": "Known answer"},
        ),
        vector=multiext("results/figures/known_truth", ".svg", ".pdf"),
    log:
        "results/logs/plot_known_truth.log",
    benchmark:
        "results/benchmarks/plot_known_truth.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("plot_known_truth"),
    message:
        "Drawing every method beside the known answer"
    script:
        "../scripts/plot_known_truth.py"
