"""What the commands of `adsmtl` do; each loads what it needs when it runs."""
