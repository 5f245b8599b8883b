"""The tables of a study: their numbers, and how they are written."""
