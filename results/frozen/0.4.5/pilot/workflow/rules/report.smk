# The page that a person reads, and the record that traces its numbers.
rule render_report:
    input:
        COLLECTED,
        rules.tables.output,
        rules.figures.output,
        rules.claims.output,
        measured_speeds(),
        beside(),
        cards(),
        baselines(),
        paths.CITATION,
    output:
        report(
            ROOT / outputs.REPORT,
            category="Report",
            labels={"page": "The whole study in one page"},
            caption="../report/page.rst",
        ),
    log:
        LOGS / "report.log",
    benchmark:
        BENCHMARKS / "report.tsv"
    conda:
        ENVIRONMENT
    params:
        code=modules.of_step(
            ["archive.page"],
            ["report/templates/*", "figures/*.py"],
        ),
    message:
        "render_report: {ROOT}/report.html"
    shell:
        "python -m adsmtl --log {log} report"


rule manifest:
    input:
        rules.tables.output,
        rules.figures.output,
        rules.claims.output,
        rules.listing.output,
        rules.render_report.output,
        COLLECTED,
    output:
        ROOT / outputs.MANIFEST,
    log:
        LOGS / "manifest.log",
    benchmark:
        BENCHMARKS / "manifest.tsv"
    conda:
        ENVIRONMENT
    params:
        code=modules.of_step(["archive.manifest"]),
    message:
        "manifest: where every number of {ROOT} comes from"
    shell:
        "python -m adsmtl --log {log} manifest"


rule report:
    input:
        rules.render_report.output,
        rules.manifest.output,
