"""What makes results citable: the manifest and the frozen copy."""
