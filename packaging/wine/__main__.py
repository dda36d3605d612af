"""`python packaging/wine`: see `wine.py`, and `suite.py` for `--suite`."""

import sys

import suite
import wine

if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(suite.main(words[1:]) if words[:1] == ["--suite"] else wine.main(words))
