# Where everything comes from. Further targets have records of their own, written the same way.


rule record_provenance:
    input:
        results_of_target,
    output:
        record="results/provenance.json",
    log:
        "results/logs/record_provenance.log",
    benchmark:
        "results/benchmarks/record_provenance.tsv"
    group:
        group("summary")
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(30),
    params:
        # Whatever is changed in it belongs into the record, even if nothing was computed again.
        configuration=config,
        from_cache=taken_from_cache,
        stages=stages_of_rules,
        code=code_version("record_provenance"),
    message:
        "Recording where the results come from"
    script:
        "../scripts/record_provenance.py"


use rule record_provenance as record_further with:
    output:
        record="results/provenance/{target}.json",
    log:
        "results/logs/record_further/{target}.log",
    benchmark:
        "results/benchmarks/record_further/{target}.tsv"
    group:
        group("further")
    message:
        "Recording where the results of {wildcards.target} come from"


rule write_crate:
    input:
        record="results/provenance.json",
    output:
        crate="results/ro-crate-metadata.json",
    log:
        "results/logs/write_crate.log",
    benchmark:
        "results/benchmarks/write_crate.tsv"
    group:
        group("summary")
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("write_crate"),
    message:
        "Describing the results for archives"
    script:
        "../scripts/write_crate.py"


rule write_methods:
    input:
        record="results/provenance.json",
        card="results/model/card.json",
        split="results/cohort/split.tsv",
        motion="results/summary/motion.tsv",
        scores="results/summary/scores.tsv",
        agreement="results/summary/agreement_summary.tsv",
        distance=distance_of_members,
    output:
        methods=report(
            "results/report/methods.md",
            caption="../report/methods.rst",
            category="8 Methods",
            labels={"result": "What was done"},
        ),
        claim_checklist=report(
            "results/report/claim_checklist.md",
            caption="../report/claim_checklist.rst",
            category="8 Methods",
            labels={"result": "Reporting checklist"},
        ),
    log:
        "results/logs/write_methods.log",
    benchmark:
        "results/benchmarks/write_methods.tsv"
    group:
        group("summary")
    resources:
        mem_mb=doubling(1000),
    params:
        # The templates' content, not their path: a project that moved has not changed.
        templates=[
            sha256(WORKFLOW / "report" / name)
            for name in ("methods.md", "claim_checklist.md")
        ],
        code=code_version("write_methods"),
    message:
        "Writing what was done, in words"
    script:
        "../scripts/write_methods.py"
