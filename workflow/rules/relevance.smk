rule relate_patient:
    input:
        weights="results/model/weights.pt",
        card="results/model/card.json",
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        regions="results/prediction/{patient}/regions.nii.gz",
        lesions="results/prediction/{patient}/lesions.tsv",
        segmentation="results/prediction/{patient}/segmentation.nii.gz",
    output:
        table="results/relevance/{patient}/relevance.tsv",
        volumes=directory(VOLUMES),
    log:
        "results/logs/relate_patient/{patient}.log",
    benchmark:
        "results/benchmarks/relate_patient/{patient}.tsv"
    resources:
        mem_mb=3000,
    params:
        relevance=config["relevance"],
        window=config["inference"]["window"],
        divisor=config["network"]["divisor"],
        sequences=SEQUENCES,
        code=code_version("relate_patient"),
    message:
        "Relating the segmentation of patient {wildcards.patient} to its sequences"
    script:
        "../scripts/relate_patient.py"
