rule measure_shapley:
    input:
        weights="results/model/weights.pt",
        card="results/model/card.json",
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        regions="results/prediction/{patient}/regions.nii.gz",
        lesions="results/prediction/{patient}/lesions.tsv",
        segmentation="results/prediction/{patient}/segmentation.nii.gz",
        donor=donor_of_patient,
    output:
        table="results/evaluation/{patient}/shapley.tsv",
        volume="results/evaluation/{patient}/shapley.nii.gz",
        occlusion="results/evaluation/{patient}/occlusion.tsv",
        ablation="results/evaluation/{patient}/ablation.tsv",
        targets="results/evaluation/{patient}/targets.tsv",
    log:
        "results/logs/measure_shapley/{patient}.log",
    cache: CACHE
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        precision=config["evaluation"]["precision"],
        target=config["relevance"]["target"],
        tau=config["relevance"]["tau"],
        reference=config["relevance"]["reference"],
        window=config["inference"]["window"],
        overlap=config["inference"]["overlap"],
        divisor=config["network"]["divisor"],
        lesion_overlap=config["inference"]["lesion_overlap"],
        permutations=config["evaluation"]["permutations"],
        seed=config["seed"],
        sequences=SEQUENCES,
        code=code_version("measure_shapley"),
        identity=identity,
    message:
        "Measuring what each sequence contributes in patient {wildcards.patient}"
    script:
        "../scripts/measure_shapley.py"


rule relate_peers:
    input:
        weights="results/model/weights.pt",
        card="results/model/card.json",
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        regions="results/prediction/{patient}/regions.nii.gz",
        lesions="results/prediction/{patient}/lesions.tsv",
        segmentation="results/prediction/{patient}/segmentation.nii.gz",
        donor=donor_of_patient,
    output:
        table="results/evaluation/{patient}/peers.tsv",
    log:
        "results/logs/relate_peers/{patient}.log",
    cache: CACHE
    resources:
        mem_mb=doubling(3000),
        runtime=doubling(30),
    params:
        target=config["relevance"]["target"],
        reference=config["relevance"]["reference"],
        window=config["inference"]["window"],
        overlap=config["inference"]["overlap"],
        divisor=config["network"]["divisor"],
        sequences=SEQUENCES,
        seed=config["seed"],
        code=code_version("relate_peers"),
        identity=identity,
    message:
        "Asking other attribution methods about patient {wildcards.patient}"
    script:
        "../scripts/relate_peers.py"


rule compare_methods:
    input:
        relevance=for_split("test", "results/relevance/{patient}/relevance.tsv"),
        shapley=for_split("test", "results/evaluation/{patient}/shapley.tsv"),
        occlusion=for_split("test", "results/evaluation/{patient}/occlusion.tsv"),
        peers=for_split("test", "results/evaluation/{patient}/peers.tsv"),
        volumes=for_split("test", VOLUMES),
    output:
        agreement="results/evaluation/agreement.tsv",
    log:
        "results/logs/compare_methods.log",
    benchmark:
        "results/benchmarks/compare_methods.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("compare_methods"),
    message:
        "Comparing every attribution method with the measurement"
    script:
        "../scripts/compare_methods.py"
