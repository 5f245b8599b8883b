include: "workflow/Snakefile"


# An included file's default target does not carry over to the file that includes it.
workflow.default_target = "all"
