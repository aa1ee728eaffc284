"""waiting - wait for a state, never for a guessed time"""
import time


def wait_for(what, seconds=30, tell=lambda: "it did not come"):
    """The first thing that what() returns and that is something; else tell() says what there is."""
    until = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"after {seconds} s: {tell()}")
        time.sleep(0.05)
