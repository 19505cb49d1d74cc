"""The command line: one file per group of commands, put together in `app`.

A command parses, makes one call into the package, and exits with a code; nothing else in the
package prints.  To add one: its file here, and its name in `app`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs={"app": ["commands", "main"]})
