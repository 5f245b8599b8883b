"""`python -m adsmtl` is the command `adsmtl`."""

import sys

from adsmtl.cli import main

sys.exit(main())
