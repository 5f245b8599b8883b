"""Known methods on the same data, to place the accuracies of the study."""
