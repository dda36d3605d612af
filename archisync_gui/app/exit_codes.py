"""The exit codes of the command line and their meanings."""

OK = 0
FAILED = 1
"""At least one sync failed, was cancelled or was interrupted."""
USAGE = 2
REFUSED = 3
"""At least one read looked wrong and was not applied; nothing failed otherwise."""
CREDENTIALS = 4
"""The ERP account is stopped: user name or password refused, or no password known."""
UNAVAILABLE = 69
"""Browser, display or ERP is missing."""
BUSY = 75
"""Another process holds the profile and does not answer, or ``--standalone`` was given while one does."""
CONFIG = 78
"""Profile, settings or archive cannot be used, or there is no such customer."""
INTERRUPTED = 130

OF_FAILURES = {"given-password-empty": USAGE, "given-password-unreadable": USAGE}
"""Exit codes of failures, by the failure's code; of all others it is ``CONFIG``."""

MEANINGS: tuple[tuple[int, str], ...] = (
    (OK, "all done"),
    (FAILED, "at least one sync failed or was cancelled"),
    (USAGE, "wrong arguments"),
    (REFUSED, "at least one read looked wrong and was not applied"),
    (CREDENTIALS, "the ERP account is stopped or has no password"),
    (UNAVAILABLE, "browser, display or ERP missing"),
    (BUSY, "another process holds the profile"),
    (CONFIG, "profile, settings or archive unusable, or no such customer"),
    (INTERRUPTED, "interrupted (Ctrl-C)"),
)
