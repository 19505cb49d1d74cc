"""What all tests need of the process that runs them."""

import signal

# A shell that starts the tests in the background lets them ignore Ctrl-C, and what they start too:
# tests of an interrupt would wait for ever.  A handler here gives what they start the default.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
