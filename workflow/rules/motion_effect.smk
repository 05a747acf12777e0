# The study again on images with less motion correction than configured: every rule of it below is
# one of the study's with other paths. Not part of `all`; ask for the target `motion_effect`.


use rule correct_motion as correct_motion_less with:
    output:
        **one_of_each(
            "image",
            "results/motion_effect/{correction}/motion/{patient}/{sequence}.nii.gz",
            "sequence",
            SEQUENCES,
            temp,
        ),
        **one_of_each(
            "transform",
            "results/motion_effect/{correction}/motion/{patient}/{sequence}.h5",
            "sequence",
            SEQUENCES,
            temp,
        ),
        **one_of_each(
            "inverse",
            "results/motion_effect/{correction}/motion/{patient}/{sequence}_inverse.h5",
            "sequence",
            SEQUENCES,
            temp,
        ),
        quality="results/motion_effect/{correction}/motion/{patient}/quality.tsv",
    log:
        "results/logs/correct_motion_less/{correction}/{patient}.log",
    cache: CACHE
    params:
        motion=lesser_registration,
    message:
        "Correcting motion of patient {wildcards.patient}: {wildcards.correction}"


use rule preprocess_patient as preprocess_patient_less with:
    input:
        images=expand(
            "results/motion_effect/{{correction}}/motion/{{patient}}/{sequence}.nii.gz",
            sequence=SEQUENCES,
        ),
        label="results/raw/{patient}/label.nii.gz",
    output:
        image="results/motion_effect/{correction}/preprocessed/{patient}/image.nii",
        label="results/motion_effect/{correction}/preprocessed/{patient}/label.nii.gz",
        channels="results/motion_effect/{correction}/preprocessed/{patient}/channels.json",
    log:
        "results/logs/preprocess_patient_less/{correction}/{patient}.log",
    cache: CACHE


use rule train_network as train_network_less with:
    input:
        train_images=for_split(
            "train",
            "results/motion_effect/{correction}/preprocessed/{patient}/image.nii",
        ),
        train_labels=for_split(
            "train",
            "results/motion_effect/{correction}/preprocessed/{patient}/label.nii.gz",
        ),
        validation_images=for_split(
            "validation",
            "results/motion_effect/{correction}/preprocessed/{patient}/image.nii",
        ),
        validation_labels=for_split(
            "validation",
            "results/motion_effect/{correction}/preprocessed/{patient}/label.nii.gz",
        ),
    output:
        weights="results/motion_effect/{correction}/model/weights.pt",
        card="results/motion_effect/{correction}/model/card.json",
        history="results/motion_effect/{correction}/model/history.tsv",
    log:
        "results/logs/train_network_less/{correction}.log",
    cache: CACHE
    message:
        "Training the network on images with motion correction {wildcards.correction}"


use rule predict_patient as predict_patient_less with:
    input:
        weights="results/motion_effect/{correction}/model/weights.pt",
        card="results/motion_effect/{correction}/model/card.json",
        image="results/motion_effect/{correction}/preprocessed/{patient}/image.nii",
        label="results/motion_effect/{correction}/preprocessed/{patient}/label.nii.gz",
        channels="results/motion_effect/{correction}/preprocessed/{patient}/channels.json",
        lesions="results/raw/{patient}/lesions.tsv",
    output:
        probability="results/motion_effect/{correction}/prediction/{patient}/probability.nii.gz",
        segmentation="results/motion_effect/{correction}/prediction/{patient}/segmentation.nii.gz",
        regions="results/motion_effect/{correction}/prediction/{patient}/regions.nii.gz",
        lesions="results/motion_effect/{correction}/prediction/{patient}/lesions.tsv",
        scores="results/motion_effect/{correction}/prediction/{patient}/scores.tsv",
    log:
        "results/logs/predict_patient_less/{correction}/{patient}.log",
    cache: CACHE


use rule measure_shapley as measure_shapley_less with:
    input:
        weights="results/motion_effect/{correction}/model/weights.pt",
        card="results/motion_effect/{correction}/model/card.json",
        image="results/motion_effect/{correction}/preprocessed/{patient}/image.nii",
        label="results/motion_effect/{correction}/preprocessed/{patient}/label.nii.gz",
        regions="results/motion_effect/{correction}/prediction/{patient}/regions.nii.gz",
        lesions="results/motion_effect/{correction}/prediction/{patient}/lesions.tsv",
        segmentation="results/motion_effect/{correction}/prediction/{patient}/segmentation.nii.gz",
        donor=donor_of_patient,
    output:
        table="results/motion_effect/{correction}/evaluation/{patient}/shapley.tsv",
        volume=temp(
            "results/motion_effect/{correction}/evaluation/{patient}/shapley.nii.gz"
        ),
        occlusion="results/motion_effect/{correction}/evaluation/{patient}/occlusion.tsv",
        ablation="results/motion_effect/{correction}/evaluation/{patient}/ablation.tsv",
        targets="results/motion_effect/{correction}/evaluation/{patient}/targets.tsv",
    log:
        "results/logs/measure_shapley_less/{correction}/{patient}.log",
    cache: CACHE


rule compare_corrections:
    input:
        scores="results/summary/scores.tsv",
        relevance="results/summary/relevance.tsv",
        scores_less=less_corrected("prediction/{patient}/scores.tsv"),
        shapley_less=less_corrected("evaluation/{patient}/shapley.tsv"),
    output:
        effect=report(
            "results/summary/motion_effect.tsv",
            caption="../report/motion_effect_table.rst",
            category="1 Images",
            labels={"result": "Effect of motion correction, table"},
        ),
        provenance="results/summary/motion_effect.json",
    log:
        "results/logs/compare_corrections.log",
    benchmark:
        "results/benchmarks/compare_corrections.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        configured=config["motion"]["method"],
        less=LESS_CORRECTION,
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("compare_corrections"),
    message:
        "Comparing networks trained with more and with less motion correction"
    script:
        "../scripts/compare_corrections.py"


rule plot_motion_effect:
    input:
        effect="results/summary/motion_effect.tsv",
    output:
        png=report(
            "results/figures/motion_effect.png",
            caption="../report/motion_effect.rst",
            category="1 Images",
            labels={"result": "Effect of motion correction"},
        ),
        vector=multiext("results/figures/motion_effect", ".svg", ".pdf"),
    log:
        "results/logs/plot_motion_effect.log",
    benchmark:
        "results/benchmarks/plot_motion_effect.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_motion_effect"),
    message:
        "Drawing what motion correction changes"
    script:
        "../scripts/plot_motion_effect.py"
