# Tests of the maps, voxel by voxel.


rule perturb_maps:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        image=for_each(mapped_patients, "preprocessed/{patient}/image.nii"),
        coverage=for_each(mapped_patients, "preprocessed/{patient}/coverage.nii.gz"),
        label=for_each(mapped_patients, "prediction/{patient}{region}/label.nii.gz"),
        channels=for_each(mapped_patients, "preprocessed/{patient}/channels.json"),
        regions=for_each(mapped_patients, "prediction/{patient}{region}/regions.nii.gz"),
        lesions=for_each(mapped_patients, "prediction/{patient}{region}/lesions.tsv"),
        segmentation=for_each(
            mapped_patients, "prediction/{patient}{region}/segmentation.nii.gz"
        ),
        donor=donors_for(mapped_patients),
    output:
        curves="{results}/evaluation/maps{region}/perturbation.tsv",
    log:
        "{results}/logs/perturb_maps{region}.log",
    benchmark:
        "{results}/benchmarks/perturb_maps{region}.tsv"
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(60),
    params:
        maps=parameter("evaluation.maps"),
        precision=parameter("evaluation.precision"),
        target=parameter("relevance.target"),
        baseline=parameter("relevance.baseline"),
        statistics=parameter("relevance.statistics"),
        divisor=parameter("network.divisor"),
        deployed=deployed,
        sequences=parameter("sequences"),
        seed=parameter("seed"),
        segmentation=parameter("segmentation"),
        region=explained_region,
        code=code_version("perturb_maps"),
    message:
        "Perturbing images in the order of the maps of every method"
    script:
        "../scripts/perturb_maps.py"


rule randomise_network:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        image=for_each(mapped_patients, "preprocessed/{patient}/image.nii"),
        coverage=for_each(mapped_patients, "preprocessed/{patient}/coverage.nii.gz"),
        label=for_each(mapped_patients, "prediction/{patient}{region}/label.nii.gz"),
        channels=for_each(mapped_patients, "preprocessed/{patient}/channels.json"),
        regions=for_each(mapped_patients, "prediction/{patient}{region}/regions.nii.gz"),
        lesions=for_each(mapped_patients, "prediction/{patient}{region}/lesions.tsv"),
        segmentation=for_each(
            mapped_patients, "prediction/{patient}{region}/segmentation.nii.gz"
        ),
        donor=donors_for(mapped_patients),
    output:
        similarities="{results}/evaluation/maps{region}/randomisation.tsv",
    log:
        "{results}/logs/randomise_network{region}.log",
    benchmark:
        "{results}/benchmarks/randomise_network{region}.tsv"
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(60),
    params:
        maps=parameter("evaluation.maps"),
        target=parameter("relevance.target"),
        baseline=parameter("relevance.baseline"),
        statistics=parameter("relevance.statistics"),
        divisor=parameter("network.divisor"),
        deployed=deployed,
        sequences=parameter("sequences"),
        seed=parameter("seed"),
        segmentation=parameter("segmentation"),
        region=explained_region,
        code=code_version("randomise_network"),
    message:
        "Comparing the maps with those of a network whose weights are redrawn"
    script:
        "../scripts/randomise_network.py"


rule map_lesion:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        image=for_each(gallery_patients, "preprocessed/{patient}/image.nii"),
        coverage=for_each(gallery_patients, "preprocessed/{patient}/coverage.nii.gz"),
        label=for_each(gallery_patients, "prediction/{patient}{region}/label.nii.gz"),
        channels=for_each(gallery_patients, "preprocessed/{patient}/channels.json"),
        regions=for_each(
            gallery_patients, "prediction/{patient}{region}/regions.nii.gz"
        ),
        lesions=for_each(gallery_patients, "prediction/{patient}{region}/lesions.tsv"),
        segmentation=for_each(
            gallery_patients, "prediction/{patient}{region}/segmentation.nii.gz"
        ),
        donor=donors_for(gallery_patients),
    output:
        volumes=directory("{results}/evaluation/maps{region}/gallery"),
        conservation="{results}/evaluation/maps{region}/conservation.tsv",
    log:
        "{results}/logs/map_lesion{region}.log",
    benchmark:
        "{results}/benchmarks/map_lesion{region}.tsv"
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        maps=parameter("evaluation.maps"),
        target=parameter("relevance.target"),
        baseline=parameter("relevance.baseline"),
        statistics=parameter("relevance.statistics"),
        divisor=parameter("network.divisor"),
        deployed=deployed,
        sequences=parameter("sequences"),
        seed=parameter("seed"),
        segmentation=parameter("segmentation"),
        region=explained_region,
        code=code_version("map_lesion"),
    message:
        "Mapping one lesion by every rule"
    script:
        "../scripts/map_lesion.py"
