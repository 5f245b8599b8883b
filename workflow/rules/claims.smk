# What the paper claims, judged: the listing is run, then every claim meets the runs.
rule listing:
    input:
        sources("claims/listing/*.py"),
    output:
        ROOT / outputs.LISTING,
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
        sources("analysis/*.py", "claims/**/*.py"),
    output:
        report(
            outputs.claims(ROOT),
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
