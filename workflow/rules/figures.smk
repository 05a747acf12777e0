# Figures, one rule for each entry of mrelevance.figures.catalogue.


for figure in FIGURES.values():

    rule:
        name:
            f"plot_{figure.name}"
        input:
            **inputs_of(figure),
        output:
            png=report(
                f"{{results}}/figures/{figure.name}.png",
                caption=f"../report/{figure.name}.rst",
                category=figure.category,
                labels={"result": figure.title},
            ),
            vector=multiext(f"{{results}}/figures/{figure.name}", ".svg", ".pdf"),
        log:
            f"{{results}}/logs/plot_{figure.name}.log",
        benchmark:
            f"{{results}}/benchmarks/plot_{figure.name}.tsv"
        group:
            group("further" if figure.target != "all" else "summary")
        resources:
            mem_mb=doubling(1000),
        params:
            figure=figure.name,
            settings=settings_of_entry(figure),
            code=[
                code_version("plot_figure"),
                library_version(f"mrelevance.figures.{figure.name}"),
            ],
        message:
            f"Drawing the figure {figure.name}"
        script:
            "../scripts/plot_figure.py"
