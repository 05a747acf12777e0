# The measurement with every reference: how much of the answer is the question? Not part of `all`;
# ask for the target `references`.


use rule measure_shapley as measure_shapley_from with:
    output:
        table="results/evaluation/references/{reference}/{patient}/shapley.tsv",
        volume=temp(
            "results/evaluation/references/{reference}/{patient}/shapley.nii.gz"
        ),
        occlusion="results/evaluation/references/{reference}/{patient}/occlusion.tsv",
        ablation="results/evaluation/references/{reference}/{patient}/ablation.tsv",
        targets="results/evaluation/references/{reference}/{patient}/targets.tsv",
    log:
        "results/logs/measure_shapley_from/{reference}_{patient}.log",
    cache: CACHE
    params:
        reference=chosen_reference,
    message:
        "Measuring what each sequence contributes in patient {wildcards.patient}, reference {wildcards.reference}"


rule compare_references:
    input:
        configured=for_split("test", "results/evaluation/{patient}/shapley.tsv"),
        others=from_other_references("{patient}/shapley.tsv"),
    output:
        shares="results/summary/references.tsv",
        agreement=report(
            "results/summary/references_agreement.tsv",
            caption="../report/references_table.rst",
            category="4 Agreement",
            labels={"result": "References, table"},
        ),
        provenance=multiext(
            "results/summary/", "references.json", "references_agreement.json"
        ),
    log:
        "results/logs/compare_references.log",
    benchmark:
        "results/benchmarks/compare_references.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        configured=config["relevance"]["reference"],
        others=OTHER_REFERENCES,
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("compare_references"),
    message:
        "Comparing what is measured with every reference"
    script:
        "../scripts/compare_references.py"


rule plot_references:
    input:
        shares="results/summary/references.tsv",
        agreement="results/summary/references_agreement.tsv",
    output:
        png=report(
            "results/figures/references.png",
            caption="../report/references.rst",
            category="4 Agreement",
            labels={"result": "References"},
        ),
        vector=multiext("results/figures/references", ".svg", ".pdf"),
    log:
        "results/logs/plot_references.log",
    benchmark:
        "results/benchmarks/plot_references.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_references"),
    message:
        "Drawing what is measured with every reference"
    script:
        "../scripts/plot_references.py"
