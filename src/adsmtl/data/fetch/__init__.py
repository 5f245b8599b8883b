"""Archives: where they come from, their download, and what may be unpacked."""
