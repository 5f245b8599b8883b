"""C11: does the published listing run? Attempts with the real library decide, not statistics."""

from adsmtl import outputs
from adsmtl.claims import words
from adsmtl.claims.claim import Aside
from adsmtl.claims.records import Defect, Listing
from adsmtl.claims.row import Row, beside
from adsmtl.claims.verdicts import CONTRADICTED, INCONCLUSIVE

ID, CLAIM = "C11", "The published listing implements the strategy."
EXPERIMENT = (
    "The listing is run piece by piece with the real Keras, and every defect that it is said to"
    " have is tried; one that stops it contradicts the claim."
)
COMPARISON = "defects that are reproduced, of those tried"


def row(listing: Listing | None) -> Row:
    """The row of C11: n is the number of defects tried, the effect how many were reproduced.

    Contradicted if a reproduced defect ends in an error, because the listing then stops.
    Otherwise inconclusive: that some faults are absent does not show that it works.
    """
    if listing is None or listing.keras is None:
        reason = f"no {outputs.LISTING}, the record of running the listing"
        if listing is not None:
            reason = f"no Keras to run the listing with: {listing.reason or 'no reason given'}"
        sentence = words.not_run(ID, CLAIM, reason)
        return Row(ID, CLAIM, EXPERIMENT, COMPARISON, sentence=sentence, reason=reason)
    reproduced = [defect for defect in listing.defects if defect.reproduced]
    stopping = [defect for defect in reproduced if defect.error is not None]
    verdict = CONTRADICTED if stopping else INCONCLUSIVE
    sentence = (
        f"{ID}, “{CLAIM.rstrip('.')}”, {words.said(verdict)}: with Keras {listing.keras},"
        f" {len(reproduced)} of {len(listing.defects)} defects were reproduced"
    )
    if stopping:
        sentence += f", of which these stop it: {', '.join(defect.id for defect in stopping)}"
    return Row(
        *(ID, CLAIM, EXPERIMENT, COMPARISON),
        n=len(listing.defects),
        effect=float(len(reproduced)),
        verdict=verdict,
        unit="defects reproduced",
        sentence=f"{sentence}.",
        beside=[
            beside(Aside(_named(defect), "1 if reproduced", float(defect.reproduced)))
            for defect in listing.defects
        ],
    )


def _named(defect: Defect) -> str:
    return f"{defect.id}: {defect.what}" + (f" ({defect.error})" if defect.error else "")
