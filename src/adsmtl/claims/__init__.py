"""The claims ledger: what finished runs say about each claim of the paper.

`catalogue.CLAIMS` declares the claims; `verdicts` holds the statistics; `ledger` puts both
together into rows, which `write` and the report show.
"""
