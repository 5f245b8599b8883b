"""Claim C11: does the listing of paper section 4.1 run, and does it do what the paper says?

`program` has the listing's networks and callback in Keras's own calls, `defects` a minimal
reproduction of each defect. `probe` runs one of them in a process of its own; `check` asks for all
and writes what came out; `verdict` judges that. Keras is optional.
"""

from adsmtl.claims.listing.checking import check

__all__ = ["check"]
