rule correct_motion:
    input:
        images=expand("results/raw/{{patient}}/{sequence}.nii.gz", sequence=SEQUENCES),
        mask=stored_mask,
        truth=true_motion,
    output:
        **one_of_each(
            "image",
            "results/motion/{patient}/{sequence}.nii.gz",
            "sequence",
            SEQUENCES,
        ),
        **one_of_each(
            "transform",
            "results/motion/{patient}/{sequence}.h5",
            "sequence",
            SEQUENCES,
        ),
        **one_of_each(
            "inverse",
            "results/motion/{patient}/{sequence}_inverse.h5",
            "sequence",
            SEQUENCES,
        ),
        quality="results/motion/{patient}/quality.tsv",
    log:
        "results/logs/correct_motion/{patient}.log",
    cache: CACHE
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        motion=REGISTRATION,
        sequences=SEQUENCES,
        reference=REFERENCE,
        code=code_version("correct_motion"),
        identity=identity,
    message:
        "Correcting motion of patient {wildcards.patient}"
    script:
        "../scripts/correct_motion.py"


rule report_motion:
    input:
        taken=expand(
            "results/raw/{patient}/{sequence}.nii.gz",
            patient=PATIENTS,
            sequence=SEQUENCES,
        ),
        registered=expand(
            "results/motion/{patient}/{sequence}.nii.gz",
            patient=PATIENTS,
            sequence=SEQUENCES,
        ),
        quality=expand("results/motion/{patient}/quality.tsv", patient=PATIENTS),
    output:
        page=report(
            "results/report/motion.html",
            caption="../report/report_motion.rst",
            category="1 Images",
            labels={"result": "Every registration, page"},
        ),
    log:
        "results/logs/report_motion.log",
    benchmark:
        "results/benchmarks/report_motion.tsv"
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(30),
    params:
        # The template's content, not its path: a project that moved has not changed.
        template=sha256(WORKFLOW / "report/motion_page.html"),
        motion=config["motion"],
        reference=REFERENCE,
        code=code_version("report_motion"),
    message:
        "Writing the page to judge motion correction by"
    script:
        "../scripts/report_motion.py"
