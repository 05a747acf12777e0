rule plot_parallel_coordinates:
    input:
        relevance="results/summary/relevance.tsv",
        friedman="results/summary/friedman.tsv",
        agreement="results/summary/agreement_summary.tsv",
    output:
        png=report(
            "results/figures/parallel_coordinates.png",
            caption="../report/parallel_coordinates.rst",
            category="3 Relevance",
            labels={"result": "Figure 1: relevance per sequence"},
        ),
        vector=multiext("results/figures/parallel_coordinates", ".svg", ".pdf"),
    log:
        "results/logs/plot_parallel_coordinates.log",
    benchmark:
        "results/benchmarks/plot_parallel_coordinates.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_parallel_coordinates"),
    message:
        "Drawing Figure 1, the relevance of every sequence"
    script:
        "../scripts/plot_parallel_coordinates.py"


rule plot_true_positive:
    input:
        relevance="results/summary/relevance.tsv",
        lesions="results/summary/lesions.tsv",
        maps=for_split(
            "test",
            f"results/relevance/{{patient}}/{config['figures']['composite']}",
        ),
        images=for_split("test", "results/preprocessed/{patient}/image.nii"),
        labels=for_split("test", "results/preprocessed/{patient}/label.nii.gz"),
        regions=for_split("test", "results/prediction/{patient}/regions.nii.gz"),
        segmentations=for_split(
            "test", "results/prediction/{patient}/segmentation.nii.gz"
        ),
    output:
        png=report(
            "results/figures/true_positive.png",
            caption="../report/true_positive.rst",
            category="3 Relevance",
            labels={"result": "Figure 2: a true positive"},
        ),
        vector=multiext("results/figures/true_positive", ".svg", ".pdf"),
    log:
        "results/logs/plot_true_positive.log",
    benchmark:
        "results/benchmarks/plot_true_positive.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        region="TP",
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        code=code_version("plot_lesion"),
    message:
        "Drawing Figure 2, a true positive"
    script:
        "../scripts/plot_lesion.py"


use rule plot_true_positive as plot_false_negative with:
    output:
        png=report(
            "results/figures/false_negative.png",
            caption="../report/false_negative.rst",
            category="3 Relevance",
            labels={"result": "Figure 3: a false negative"},
        ),
        vector=multiext("results/figures/false_negative", ".svg", ".pdf"),
    log:
        "results/logs/plot_false_negative.log",
    benchmark:
        "results/benchmarks/plot_false_negative.tsv"
    params:
        region="FN",
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        code=code_version("plot_lesion"),
    message:
        "Drawing Figure 3, a false negative"


rule plot_share_volume:
    input:
        relevance="results/summary/relevance.tsv",
        lesions="results/summary/lesions.tsv",
        maps=for_split(
            "test",
            f"results/relevance/{{patient}}/{config['figures']['composite']}",
        ),
        images=for_split("test", "results/preprocessed/{patient}/image.nii"),
        segmentations=for_split(
            "test", "results/prediction/{patient}/segmentation.nii.gz"
        ),
    output:
        png=report(
            "results/figures/share_volume.png",
            caption="../report/share_volume.rst",
            category="3 Relevance",
            labels={"result": "Shares, voxel by voxel"},
        ),
        vector=multiext("results/figures/share_volume", ".svg", ".pdf"),
    log:
        "results/logs/plot_share_volume.log",
    benchmark:
        "results/benchmarks/plot_share_volume.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        code=code_version("plot_share_volume"),
    message:
        "Drawing the shares of the sequences in one patient"
    script:
        "../scripts/plot_share_volume.py"


rule plot_relevance_by_type:
    input:
        relevance="results/summary/relevance.tsv",
        lesions="results/summary/lesions.tsv",
    output:
        png=report(
            "results/figures/relevance_by_type.png",
            caption="../report/relevance_by_type.rst",
            category="3 Relevance",
            labels={"result": "By lesion type"},
        ),
        vector=multiext("results/figures/relevance_by_type", ".svg", ".pdf"),
    log:
        "results/logs/plot_relevance_by_type.log",
    benchmark:
        "results/benchmarks/plot_relevance_by_type.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        composite=config["figures"]["composite"],
        sequences=SEQUENCES,
        seed=config["seed"],
        code=code_version("plot_relevance_by_type"),
    message:
        "Drawing relevance by lesion type"
    script:
        "../scripts/plot_relevance_by_type.py"


rule plot_motion_correction:
    input:
        motion="results/summary/motion.tsv",
    output:
        png=report(
            "results/figures/motion_correction.png",
            caption="../report/motion_correction.rst",
            category="1 Images",
            labels={"result": "Motion correction"},
        ),
        vector=multiext("results/figures/motion_correction", ".svg", ".pdf"),
    log:
        "results/logs/plot_motion_correction.log",
    benchmark:
        "results/benchmarks/plot_motion_correction.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        reference=REFERENCE,
        code=code_version("plot_motion_correction"),
    message:
        "Drawing motion before and after correction"
    script:
        "../scripts/plot_motion_correction.py"


rule plot_learning_curve:
    input:
        history="results/model/history.tsv",
    output:
        png=report(
            "results/figures/learning_curve.png",
            caption="../report/learning_curve.rst",
            category="2 Network",
            labels={"result": "Training"},
        ),
        vector=multiext("results/figures/learning_curve", ".svg", ".pdf"),
    log:
        "results/logs/plot_learning_curve.log",
    benchmark:
        "results/benchmarks/plot_learning_curve.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("plot_learning_curve"),
    message:
        "Drawing the learning curve"
    script:
        "../scripts/plot_learning_curve.py"


rule plot_lesion_detection:
    input:
        lesions="results/summary/lesions.tsv",
        scores="results/summary/scores.tsv",
    output:
        png=report(
            "results/figures/lesion_detection.png",
            caption="../report/lesion_detection.rst",
            category="2 Network",
            labels={"result": "Detection"},
        ),
        vector=multiext("results/figures/lesion_detection", ".svg", ".pdf"),
    log:
        "results/logs/plot_lesion_detection.log",
    benchmark:
        "results/benchmarks/plot_lesion_detection.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("plot_lesion_detection"),
    message:
        "Drawing which lesions were found"
    script:
        "../scripts/plot_lesion_detection.py"


rule plot_cohort_glance:
    input:
        split="results/cohort/split.tsv",
        lesions="results/summary/cohort_lesions.tsv",
        image=first_test_image,
        label=first_test_label,
    output:
        png=report(
            "results/figures/cohort_glance.png",
            caption="../report/cohort_glance.rst",
            category="1 Images",
            labels={"result": "Cohort at a glance"},
        ),
        vector=multiext("results/figures/cohort_glance", ".svg", ".pdf"),
    log:
        "results/logs/plot_cohort_glance.log",
    benchmark:
        "results/benchmarks/plot_cohort_glance.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        seed=config["seed"],
        code=code_version("plot_cohort_glance"),
    message:
        "Drawing the cohort at a glance"
    script:
        "../scripts/plot_cohort_glance.py"
