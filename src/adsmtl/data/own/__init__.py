"""Data sets of one's own, as `config/datasets.yaml` declares them.

`kinds` says what an entry may hold; `images` and `segments` make arrays of what it names, with
`tables`, `textgrids`, `recordings`, `audio` and `layout` for reading, and `splits` for who trains.
"""
