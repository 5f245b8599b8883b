# What the paper claims, judged: the listing is run, then every claim meets the runs.
rule listing:
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
        code=modules.of_step(["claims.listing.program"], ["claims/listing/*.py"]),
    shell:
        "python -m adsmtl --log {log} listing"


rule claims:
    input:
        COLLECTED,
        rules.listing.output,
    output:
        [
            report(
                path,
                category="Claims",
                labels={"ledger": "Every claim and its verdict", "format": kind},
                caption="../report/claims.rst",
            )
            for path, kind in zip(outputs.claims(ROOT), ("JSON", "Markdown"))
        ],
    log:
        LOGS / "claims.log",
    benchmark:
        BENCHMARKS / "claims.tsv"
    conda:
        ENVIRONMENT
    params:
        # Every byte of the claims: the words of an error stand in the row of one that cannot run.
        code=modules.of_step(["claims.write"], ["claims/*.py"]),
    message:
        "claims: {ROOT}/claims.md"
    shell:
        "python -m adsmtl --log {log} claims"
