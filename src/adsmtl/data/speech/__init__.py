"""What speech corpora share: features, segments, and the phones of TIMIT."""
