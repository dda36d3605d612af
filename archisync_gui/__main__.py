"""``python -m archisync_gui``: the same as the console script; nothing else."""

import sys

from archisync_gui.start import main

if __name__ == "__main__":
    sys.exit(main())
