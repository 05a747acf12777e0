# Tables of the cohort, one rule for each step of mrelevance.analysis.catalogue.


for step in TABLES.values():

    rule:
        name:
            step.name
        input:
            **inputs_of_step(step),
        output:
            **outputs_of_step(step),
        log:
            f"{results_of_entry(step)}/logs/{step.name}.log",
        benchmark:
            f"{results_of_entry(step)}/benchmarks/{step.name}.tsv"
        group:
            group_of_entry(step)
        resources:
            mem_mb=doubling(1000),
        params:
            entry=step.to_parameters(),
            settings=settings_of_step(step),
            regions=REGIONS,
            parts=SEGMENTATION.parts,
            code=[
                code_version("write_tables"),
                library_version(step.function.partition(":")[0]),
            ],
        message:
            step.message
        script:
            "../scripts/write_tables.py"
