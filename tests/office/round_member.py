"""A program that the office's rounds start: ``archisync-gui office run`` with a wrong wall clock.

python round_member.py SECONDS office run --profile FOLDER
"""

import sys
from datetime import datetime, timedelta

from archisync_gui.model import SystemClock

OFF = timedelta(seconds=float(sys.argv[1]))
right = SystemClock.now


def wrong(self: SystemClock) -> datetime:
    return right(self) + OFF


SystemClock.now = wrong  # type: ignore[method-assign]

if __name__ == "__main__":
    from archisync_gui.cli import main

    sys.exit(main(sys.argv[2:]))
