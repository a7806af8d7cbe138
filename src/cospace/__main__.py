"""`python -m cospace`: the command line."""

from __future__ import annotations

import sys

from cospace.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
