"""``python -m conformance`` is the same as ``conformance``."""

import sys

from conformance.cli import main

sys.exit(main())
