rule execute_notebook:
    input:
        relevance="results/summary/relevance.tsv",
        intervals="results/summary/intervals.tsv",
        friedman="results/summary/friedman.tsv",
        pairwise="results/summary/pairwise.tsv",
        agreement_summary="results/summary/agreement_summary.tsv",
    output:
        figure="results/report/figure_1.svg",
    log:
        notebook="results/report/paper_figures.ipynb",
    benchmark:
        "results/benchmarks/execute_notebook.tsv"
    group:
        group("summary")
    resources:
        mem_mb=doubling(1000),
    params:
        code=notebook_version("paper_figures"),
    message:
        "Executing the notebook of Figure 1 and its statistics"
    notebook:
        "../../notebooks/paper_figures.ipynb"
