# The page that a person reads, and the record that traces its numbers.
rule render_report:
    input:
        rules.tables.output,
        rules.figures.output,
        rules.claims.output,
        measured_speeds(),
        paths.CITATION,
        sources("analysis/templates/*", "analysis/*.py"),
    output:
        report(ROOT / products.REPORT, category="Report", caption="../report/page.rst"),
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
        sources("tracking/manifest.py"),
    output:
        ROOT / products.MANIFEST,
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
