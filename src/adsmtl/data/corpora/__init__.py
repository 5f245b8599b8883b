"""One module per corpus: where it comes from, and from there to the arrays of `docs/formats.md`."""
