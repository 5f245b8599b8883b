"""The doing: sessions, checkpoints, estimates and progress around the training core."""
