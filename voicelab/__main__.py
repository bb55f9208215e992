"""``python -m voicelab``: the ``voicelab`` command where its script is not on the path."""

import sys

from voicelab.cli import main

sys.exit(main())
