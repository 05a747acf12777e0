# Figures, one rule for each entry of mrelevance.figures.catalogue; several where several regions are
# explained.


for figure in PLOTTED:

    for region, region_name in regions_of_figure(figure).items():

        rule:
            name:
                name_of_plot(figure, region)
            input:
                **inputs_of_figure(figure, region),
            output:
                png=report(
                    f"{results_of_entry(figure)}/figures{region}/{figure.name}.png",
                    caption=f"../report/{figure.name}.rst",
                    category=figure.category,
                    labels=labels_of_figure(figure, region_name),
                ),
                vector=multiext(
                    f"{results_of_entry(figure)}/figures{region}/{figure.name}",
                    ".svg",
                    ".pdf",
                ),
            log:
                f"{results_of_entry(figure)}/logs/{name_of_plot(figure, region)}.log",
            benchmark:
                f"{results_of_entry(figure)}/benchmarks/{name_of_plot(figure, region)}.tsv"
            group:
                group_of_entry(figure)
            resources:
                mem_mb=doubling(1000),
            params:
                figure=figure.name,
                region=region_name,
                settings=settings_of_figure(figure),
                code=[
                    code_version("plot_figure"),
                    library_version(f"mrelevance.figures.{figure.name}"),
                ],
            message:
                f"Plotting the figure {figure.name}"
            script:
                "../scripts/plot_figure.py"
