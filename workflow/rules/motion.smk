rule correct_motion:
    input:
        images=expand("results/raw/{{patient}}/{sequence}.nii.gz", sequence=SEQUENCES),
        mask=stored_mask,
        truth=true_motion,
    output:
        images=expand(
            "results/motion/{{patient}}/{sequence}.nii.gz", sequence=SEQUENCES
        ),
        transforms=expand(
            "results/motion/{{patient}}/{sequence}.h5", sequence=SEQUENCES
        ),
        inverses=expand(
            "results/motion/{{patient}}/{sequence}_inverse.h5", sequence=SEQUENCES
        ),
        quality="results/motion/{patient}/quality.tsv",
    log:
        "results/logs/correct_motion/{patient}.log",
    benchmark:
        "results/benchmarks/correct_motion/{patient}.tsv"
    resources:
        mem_mb=1000,
    params:
        motion=config["motion"],
        sequences=SEQUENCES,
        reference=REFERENCE,
        code=code_version("correct_motion"),
    message:
        "Correcting motion of patient {wildcards.patient}"
    script:
        "../scripts/correct_motion.py"
