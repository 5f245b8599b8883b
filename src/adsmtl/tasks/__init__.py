"""What a task adds to the shared layer: a branch, a loss and a metric."""
