include: "workflow/Snakefile"


# Without this line Snakemake would include the rules and run none of them.
workflow.default_target = "all"
