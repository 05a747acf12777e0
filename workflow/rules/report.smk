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


rule write_page:
    input:
        files_of("all"),
        files_of("known_answer") if ANSWER_KNOWN else [],
        requested_comparisons,
        split="results/cohort/split.tsv",
        record="results/provenance.json",
        texts=["results/report/methods.md", "results/report/claim_checklist.md"],
        images=for_split("test", "preprocessed/{patient}/image.nii"),
        labels=of_test_patients("prediction/{patient}{region}/label.nii.gz"),
        segmentations=of_test_patients(
            "prediction/{patient}{region}/segmentation.nii.gz"
        ),
        numbers=of_test_patients("prediction/{patient}{region}/regions.nii.gz"),
        lesions=of_test_patients("prediction/{patient}{region}/lesions.tsv"),
        scores=of_test_patients("prediction/{patient}{region}/scores.tsv"),
        maps=of_test_patients("relevance/{patient}{region}/volumes"),
        measured=of_test_patients("evaluation/{patient}{region}/shapley.nii.gz"),
        shares=of_test_patients("evaluation/{patient}{region}/shapley.tsv"),
    output:
        page="results/report/index.html",
        # Empty, unless the patients' volumes are too large for one page.
        patients=directory("results/report/patients"),
    log:
        "results/logs/write_page.log",
    benchmark:
        "results/benchmarks/write_page.tsv"
    group:
        group("summary")
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        configuration=config,
        known_answer=ANSWER_KNOWN,
        comparisons=comparisons_shown,
        # The parts' content, not their path: a project that moved has not changed.
        parts=[
            sha256(PROJECT / "src/mrelevance/reporting/page" / name)
            for name in ("page.html", "style.css", "page.js", "viewer.js")
        ],
        captions=sha256(WORKFLOW / "report"),
        code=code_version("write_page"),
    message:
        "Writing the report page"
    script:
        "../scripts/write_page.py"
