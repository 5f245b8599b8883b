"""Data: fetch an archive, prepare plain arrays, load them, split them.

In the order of the data: `fetch` gets, verifies and unpacks an archive; a module of `corpora` makes
arrays of it, with `speech` for what speech corpora share; `cards` writes and describes them,
`samples` draws some; `prepared` loads them, `views` shows them as a task sees them, `folds` splits
them. These three need NumPy alone, so that a training machine needs no audio or download library.

A new data set is a module in `corpora` that declares a `DataSet` (an archive to download, a folder
that the user holds, or nothing; and the function that prepares it), and a line in `registry`.
"""
