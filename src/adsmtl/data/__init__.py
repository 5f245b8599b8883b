"""Data: fetch an archive, prepare plain arrays, load them, split them.

In the order of the data: `sources` fetches and verifies, `extract` unpacks, one module per data
set prepares (`registry` lists them), `prepared` loads, `folds` splits. `prepared` and `folds`
need NumPy alone, so that a training machine needs no audio or download library.
"""
