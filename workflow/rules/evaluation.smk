rule measure_shapley:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        image=from_stage("preprocessed/{patient}/image.nii"),
        coverage=from_stage("preprocessed/{patient}/coverage.nii.gz"),
        label=from_stage("prediction/{patient}{region}/label.nii.gz"),
        channels=from_stage("preprocessed/{patient}/channels.json"),
        regions=from_stage("prediction/{patient}{region}/regions.nii.gz"),
        lesions=from_stage("prediction/{patient}{region}/lesions.tsv"),
        segmentation=from_stage("prediction/{patient}{region}/segmentation.nii.gz"),
        classes=classes_of_patient("preprocessed"),
        donor=donor_of_patient,
    output:
        table="{results}/evaluation/{patient}{region}/shapley.tsv",
        volume="{results}/evaluation/{patient}{region}/shapley.nii.gz",
        occlusion="{results}/evaluation/{patient}{region}/occlusion.tsv",
        ablation="{results}/evaluation/{patient}{region}/ablation.tsv",
        targets="{results}/evaluation/{patient}{region}/targets.tsv",
    log:
        "{results}/logs/measure_shapley/{patient}{region}.log",
    cache: CACHE
    group:
        group("explain")
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        precision=parameter("evaluation.precision"),
        target=parameter("relevance.target"),
        tau=parameter("relevance.tau"),
        baseline=parameter("relevance.baseline"),
        deployed=deployed,
        lesion_overlap=parameter("inference.lesion_overlap"),
        permutations=parameter("evaluation.permutations"),
        seed=parameter("seed"),
        sequences=parameter("sequences"),
        segmentation=parameter("segmentation"),
        region=explained_region,
        code=code_version("measure_shapley"),
        identity=identity,
    message:
        "Measuring what each sequence contributes in patient {wildcards.patient}"
    script:
        "../scripts/measure_shapley.py"


rule compute_gradient_methods:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        image=from_stage("preprocessed/{patient}/image.nii"),
        coverage=from_stage("preprocessed/{patient}/coverage.nii.gz"),
        label=from_stage("prediction/{patient}{region}/label.nii.gz"),
        channels=from_stage("preprocessed/{patient}/channels.json"),
        regions=from_stage("prediction/{patient}{region}/regions.nii.gz"),
        lesions=from_stage("prediction/{patient}{region}/lesions.tsv"),
        segmentation=from_stage("prediction/{patient}{region}/segmentation.nii.gz"),
        donor=donor_of_patient,
    output:
        table="{results}/evaluation/{patient}{region}/gradient_methods.tsv",
    log:
        "{results}/logs/compute_gradient_methods/{patient}{region}.log",
    cache: CACHE
    group:
        group("explain")
    resources:
        mem_mb=doubling(3000),
        runtime=doubling(30),
    params:
        target=parameter("relevance.target"),
        baseline=parameter("relevance.baseline"),
        deployed=deployed,
        sequences=parameter("sequences"),
        seed=parameter("seed"),
        segmentation=parameter("segmentation"),
        region=explained_region,
        code=code_version("compute_gradient_methods"),
        identity=identity,
    message:
        "Computing what gradient methods say of patient {wildcards.patient}"
    script:
        "../scripts/compute_gradient_methods.py"
