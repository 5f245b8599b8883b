"""Names of the claims, where a whole sentence has no room; loads nothing."""

SHORT = {
    "C1": "multi- against single-task training",
    "C2": "less training data",
    "C3": "dropout against none",
    "C4": "ADSMTL against fixed rates",
    "C5": "ADSMTL against its controls",
    "C6": "units dropped at test time",
    "C7": "rate chosen on validation data",
    "C8": "a rate of its own for multi-task training",
    "C9": "related tasks gain more",
    "C10": "the penalty of the objective",
    "C11": "the paper's listing",
}
