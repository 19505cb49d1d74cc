"""What all tests need of the process that runs them."""

import signal

import pytest

# A shell that starts the tests in the background lets them ignore Ctrl-C, and what they start too:
# tests of an interrupt would wait for ever.  A handler here gives what they start the default.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep the tests of a file on one worker, unless they name a group of their own."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
