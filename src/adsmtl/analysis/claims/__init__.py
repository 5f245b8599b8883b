"""The claims ledger: what finished runs say about each claim of the paper.

`catalogue.CLAIMS` declares the claims; `verdicts` holds the statistics; `ledger` puts both
together into rows, which `documents` and `page` show.
"""

from adsmtl.analysis.claims.documents import write
from adsmtl.analysis.claims.ledger import judge
from adsmtl.analysis.claims.page import section

__all__ = ["judge", "section", "write"]
