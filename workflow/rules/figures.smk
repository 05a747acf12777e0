# Figures, one rule for each entry of mrelevance.figures.catalogue.


for figure in FIGURES.values():

    rule:
        name:
            f"plot_{figure.name}"
        input:
            **inputs_of_figure(figure),
        output:
            png=report(
                f"{results_of_entry(figure)}/figures/{figure.name}.png",
                caption=f"../report/{figure.name}.rst",
                category=figure.category,
                labels={"result": figure.title},
            ),
            vector=multiext(
                f"{results_of_entry(figure)}/figures/{figure.name}", ".svg", ".pdf"
            ),
        log:
            f"{results_of_entry(figure)}/logs/plot_{figure.name}.log",
        benchmark:
            f"{results_of_entry(figure)}/benchmarks/plot_{figure.name}.tsv"
        group:
            group_of_entry(figure)
        resources:
            mem_mb=doubling(1000),
        params:
            figure=figure.name,
            settings=settings_of_figure(figure),
            code=[
                code_version("plot_figure"),
                library_version(f"mrelevance.figures.{figure.name}"),
            ],
        message:
            f"Plotting the figure {figure.name}"
        script:
            "../scripts/plot_figure.py"
