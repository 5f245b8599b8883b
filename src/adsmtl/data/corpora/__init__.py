"""One module per corpus: from its archive to the arrays of `docs/formats.md`."""
