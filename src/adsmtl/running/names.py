"""The files of a run; this module loads nothing, so that the workflow can ask for it."""

CHECKPOINT = "checkpoint.safetensors"
HISTORY = "history.jsonl"
METRICS = "metrics.json"
PREDICTIONS = "predictions.npz"
RESUME = "resume.safetensors"
EARLIER = "resume-earlier.safetensors"
OWN = (METRICS, HISTORY, PREDICTIONS, CHECKPOINT)  # what a training writes and seals

# What others write beside it, and seal.
TEST_TIME = "test-time.json"
AFFINITY = "affinity.json"
