# Tests of the maps, voxel by voxel.


rule perturb_maps:
    input:
        weights="results/model/weights.pt",
        card="results/model/card.json",
        image=for_mapped("results/preprocessed/{patient}/image.nii"),
        label=for_mapped("results/preprocessed/{patient}/label.nii.gz"),
        regions=for_mapped("results/prediction/{patient}/regions.nii.gz"),
        lesions=for_mapped("results/prediction/{patient}/lesions.tsv"),
        segmentation=for_mapped("results/prediction/{patient}/segmentation.nii.gz"),
        donor=donors_for(mapped_patients),
    output:
        curves="results/evaluation/maps/perturbation.tsv",
    log:
        "results/logs/perturb_maps.log",
    benchmark:
        "results/benchmarks/perturb_maps.tsv"
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(60),
    params:
        maps=config["evaluation"]["maps"],
        precision=config["evaluation"]["precision"],
        target=config["relevance"]["target"],
        reference=config["relevance"]["reference"],
        divisor=config["network"]["divisor"],
        sequences=SEQUENCES,
        seed=config["seed"],
        code=code_version("perturb_maps"),
    message:
        "Replacing what the maps of every method name"
    script:
        "../scripts/perturb_maps.py"


rule randomise_network:
    input:
        weights="results/model/weights.pt",
        card="results/model/card.json",
        image=for_mapped("results/preprocessed/{patient}/image.nii"),
        label=for_mapped("results/preprocessed/{patient}/label.nii.gz"),
        regions=for_mapped("results/prediction/{patient}/regions.nii.gz"),
        lesions=for_mapped("results/prediction/{patient}/lesions.tsv"),
        segmentation=for_mapped("results/prediction/{patient}/segmentation.nii.gz"),
        donor=donors_for(mapped_patients),
    output:
        similarities="results/evaluation/maps/randomisation.tsv",
    log:
        "results/logs/randomise_network.log",
    benchmark:
        "results/benchmarks/randomise_network.tsv"
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(60),
    params:
        maps=config["evaluation"]["maps"],
        target=config["relevance"]["target"],
        reference=config["relevance"]["reference"],
        divisor=config["network"]["divisor"],
        sequences=SEQUENCES,
        seed=config["seed"],
        code=code_version("randomise_network"),
    message:
        "Comparing the maps with those of a network whose weights are redrawn"
    script:
        "../scripts/randomise_network.py"


rule map_lesion:
    input:
        weights="results/model/weights.pt",
        card="results/model/card.json",
        image=for_gallery("results/preprocessed/{patient}/image.nii"),
        label=for_gallery("results/preprocessed/{patient}/label.nii.gz"),
        regions=for_gallery("results/prediction/{patient}/regions.nii.gz"),
        lesions=for_gallery("results/prediction/{patient}/lesions.tsv"),
        segmentation=for_gallery("results/prediction/{patient}/segmentation.nii.gz"),
        donor=donors_for(gallery_patients),
    output:
        volumes=directory("results/evaluation/maps/gallery"),
        conservation="results/evaluation/maps/conservation.tsv",
    log:
        "results/logs/map_lesion.log",
    benchmark:
        "results/benchmarks/map_lesion.tsv"
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        maps=config["evaluation"]["maps"],
        target=config["relevance"]["target"],
        reference=config["relevance"]["reference"],
        divisor=config["network"]["divisor"],
        sequences=SEQUENCES,
        seed=config["seed"],
        code=code_version("map_lesion"),
    message:
        "Mapping one lesion by every rule"
    script:
        "../scripts/map_lesion.py"


rule summarise_maps:
    input:
        curves="results/evaluation/maps/perturbation.tsv",
        similarities="results/evaluation/maps/randomisation.tsv",
    output:
        perturbation=report(
            "results/summary/perturbation.tsv",
            caption="../report/perturbation_table.rst",
            category="5 Maps",
            labels={"result": "Region perturbation, table"},
        ),
        randomisation=report(
            "results/summary/randomisation.tsv",
            caption="../report/randomisation_table.rst",
            category="5 Maps",
            labels={"result": "Randomised weights, table"},
        ),
        provenance=multiext(
            "results/summary/", "perturbation.json", "randomisation.json"
        ),
    log:
        "results/logs/summarise_maps.log",
    benchmark:
        "results/benchmarks/summarise_maps.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("summarise_maps"),
    message:
        "Judging the maps of every method"
    script:
        "../scripts/summarise_maps.py"


rule plot_perturbation:
    input:
        curves="results/evaluation/maps/perturbation.tsv",
        areas="results/summary/perturbation.tsv",
    output:
        png=report(
            "results/figures/perturbation.png",
            caption="../report/perturbation.rst",
            category="5 Maps",
            labels={"result": "Region perturbation"},
        ),
        vector=multiext("results/figures/perturbation", ".svg", ".pdf"),
    log:
        "results/logs/plot_perturbation.log",
    benchmark:
        "results/benchmarks/plot_perturbation.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("plot_perturbation"),
    message:
        "Drawing how the margin falls when what a map names is replaced"
    script:
        "../scripts/plot_perturbation.py"


rule plot_randomisation:
    input:
        similarities="results/summary/randomisation.tsv",
    output:
        png=report(
            "results/figures/randomisation.png",
            caption="../report/randomisation.rst",
            category="5 Maps",
            labels={"result": "Randomised weights"},
        ),
        vector=multiext("results/figures/randomisation", ".svg", ".pdf"),
    log:
        "results/logs/plot_randomisation.log",
    benchmark:
        "results/benchmarks/plot_randomisation.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("plot_randomisation"),
    message:
        "Drawing how the maps change while the weights are redrawn"
    script:
        "../scripts/plot_randomisation.py"


rule plot_map_gallery:
    input:
        volumes="results/evaluation/maps/gallery",
        conservation="results/evaluation/maps/conservation.tsv",
    output:
        png=report(
            "results/figures/map_gallery.png",
            caption="../report/map_gallery.rst",
            category="5 Maps",
            labels={"result": "Gallery of rules"},
        ),
        vector=multiext("results/figures/map_gallery", ".svg", ".pdf"),
    log:
        "results/logs/plot_map_gallery.log",
    benchmark:
        "results/benchmarks/plot_map_gallery.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_map_gallery"),
    message:
        "Drawing one lesion under every rule, side by side"
    script:
        "../scripts/plot_map_gallery.py"
