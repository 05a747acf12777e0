# Tables of the cohort, one rule for each entry of mrelevance.analysis.catalogue.


for step in TABLES.values():

    rule:
        name:
            step.name
        input:
            **inputs_of(step),
        output:
            **tables_of(step),
        log:
            f"{step.results}/logs/{step.name}.log",
        benchmark:
            f"{step.results}/benchmarks/{step.name}.tsv"
        group:
            group("further" if step.target != "all" else "summary")
        resources:
            mem_mb=doubling(1000),
        params:
            function=step.function,
            settings=settings_of_entry(step),
            code=[code_version("write_tables"), function_version(step.function)],
        message:
            step.message
        script:
            "../scripts/write_tables.py"
