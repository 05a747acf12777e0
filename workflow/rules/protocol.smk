# Which sequences can be left out: networks trained without them are variants of the study, named by
# the sequences that they keep.


checkpoint choose_subsets:
    input:
        shapley=shapley_to_choose_by,
    output:
        subsets="results/protocol/subsets.tsv",
    log:
        "results/logs/choose_subsets.log",
    benchmark:
        "results/benchmarks/choose_subsets.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        subsets=config["protocol"]["subsets"],
        sequences=SEQUENCES,
        code=code_version("choose_subsets"),
    message:
        "Choosing the subsets of the sequences to train on"
    script:
        "../scripts/choose_subsets.py"
