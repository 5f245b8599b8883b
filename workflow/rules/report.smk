# What the paper claims, judged: the listing is run, then every claim meets the runs.
rule listing:
    input:
        sources("listing/*.py"),
    output:
        ROOT / products.LISTING,
    log:
        LOGS / "listing.log",
    benchmark:
        BENCHMARKS / "listing.tsv"
    conda:
        ENVIRONMENT
    params:
        keras=revision.installed("keras"),
    shell:
        "python -m adsmtl --log {log} listing"


rule claims:
    input:
        finished(),
        rules.listing.output,
        sources("analysis/*.py", "analysis/claims/*.py"),
    output:
        report(
            [ROOT / name for name in products.CLAIMS],
            category="Claims",
            caption="../report/claims.rst",
        ),
    log:
        LOGS / "claims.log",
    benchmark:
        BENCHMARKS / "claims.tsv"
    conda:
        ENVIRONMENT
    shell:
        "python -m adsmtl --log {log} claims"


# The page that a person reads, and the record that traces its numbers.
rule render_report:
    input:
        rules.tables.output,
        rules.figures.output,
        rules.claims.output,
        sources("analysis/templates/*"),
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
