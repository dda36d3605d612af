"""`python packaging/wine`: see `wine.py`."""

import sys

from wine import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
