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
    """The row of C11: n is the number of defects decided, the effect how many were reproduced.

    Contradicted if a reproduced defect ends in an error, because the listing then stops.
    Otherwise inconclusive: that some faults are absent does not show that it works.
    """
    decided = [one for one in listing.defects if one.reproduced is not None] if listing else []
    if not decided:
        reason = _lacking(listing)
        sentence = words.not_run(ID, CLAIM, reason)
        return Row(ID, CLAIM, EXPERIMENT, COMPARISON, sentence=sentence, reason=reason)
    reproduced = [defect for defect in decided if defect.reproduced]
    stopping = [defect for defect in reproduced if defect.error is not None]
    verdict = CONTRADICTED if stopping else INCONCLUSIVE
    sentence = (
        f"{ID}, “{CLAIM.rstrip('.')}”, {words.said(verdict)}: with Keras {listing.keras},"
        f" {len(reproduced)} of {len(decided)} defects were reproduced"
    )
    if stopping:
        sentence += f", of which these stop it: {', '.join(defect.id for defect in stopping)}"
    if undecided := len(listing.defects) - len(decided):
        sentence += f"; {undecided} more could not be decided"
    return Row(
        *(ID, CLAIM, EXPERIMENT, COMPARISON),
        n=len(decided),
        effect=float(len(reproduced)),
        verdict=verdict,
        unit="defects reproduced",
        sentence=f"{sentence}.",
        beside=[
            beside(Aside(_named(one), "1 if reproduced", _known(one.reproduced)))
            for one in listing.defects
        ],
    )


def _lacking(listing: Listing | None) -> str:
    if listing is None:
        return f"no {outputs.LISTING}, the record of running the listing"
    if listing.keras is None:
        return f"no Keras to run the listing with: {listing.reason or 'no reason given'}"
    return f"no answer about any of its defects; {outputs.LISTING} says why"


def _known(reproduced: bool | None) -> float | None:
    return None if reproduced is None else float(reproduced)


def _named(defect: Defect) -> str:
    return f"{defect.id}: {defect.what}" + (f" ({defect.error})" if defect.error else "")
