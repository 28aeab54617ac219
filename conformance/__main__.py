"""``python -m conformance`` is the same as ``conformance``."""

import sys

if not sys.flags.safe_path:
    # The current folder, where a random.py or numpy.py must not hide what is loaded from here on.
    sys.path.append(sys.path.pop(0))

from conformance.cli import main

sys.exit(main())
