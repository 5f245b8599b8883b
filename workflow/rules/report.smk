# The page that a person reads, and the record that traces its numbers.
rule render_report:
    input:
        rules.tables.output,
        rules.figures.output,
        rules.claims.output,
        measured_speeds(),
        paths.CITATION,
        sources("analysis/*.py", "report/*.py", "report/templates/*"),
    output:
        report(ROOT / outputs.REPORT, category="Report", caption="../report/page.rst"),
    log:
        LOGS / "report.log",
    benchmark:
        BENCHMARKS / "report.tsv"
    conda:
        ENVIRONMENT
    shell:
        "python -m adsmtl --log {log} report"


rule manifest:
    input:
        rules.tables.output,
        rules.figures.output,
        rules.claims.output,
        finished(),
        sources("archive/manifest.py"),
    output:
        ROOT / outputs.MANIFEST,
    log:
        LOGS / "manifest.log",
    benchmark:
        BENCHMARKS / "manifest.tsv"
    conda:
        ENVIRONMENT
    shell:
        "python -m adsmtl --log {log} manifest"


rule report:
    input:
        rules.render_report.output,
        rules.manifest.output,
