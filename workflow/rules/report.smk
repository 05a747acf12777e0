rule execute_notebook:
    input:
        relevance="results/summary/relevance.tsv",
        intervals="results/summary/intervals.tsv",
        friedman="results/summary/friedman.tsv",
        pairwise="results/summary/pairwise.tsv",
        agreement_summary="results/summary/agreement_summary.tsv",
    output:
        figure="results/report/figure_1.svg",
        notebook="results/report/paper_figures.ipynb",
    log:
        "results/logs/execute_notebook.log",
    benchmark:
        "results/benchmarks/execute_notebook.tsv"
    group:
        group("summary")
    resources:
        mem_mb=doubling(1000),
    params:
        notebook="paper_figures",
        code=[code_version("execute_notebook"), notebook_version("paper_figures")],
    message:
        "Executing the notebook of Figure 1 and its statistics"
    script:
        "../scripts/execute_notebook.py"
