"""Keeps the code that AutoGraph generates in memory.

TensorFlow writes it to files in /tmp, which are left there when a process is killed, and Python
compiles these into /tmp/__pycache__.
"""

import itertools
import linecache
import sys
import types

from tensorflow.python.autograph.pyct import loader

_numbers = itertools.count()


def keep_in_memory():
    """Replaces AutoGraph's loader of generated code; where it has no such loader, does nothing."""
    if hasattr(loader, "load_source"):
        loader.load_source = _load_source


def _load_source(source: str, delete_on_exit: bool) -> tuple[types.ModuleType, str]:
    """A module of `source`, and the name of its file, under which tracebacks find its lines."""
    name = f"autograph_generated_{next(_numbers)}"
    file = f"<{name}>"
    module = types.ModuleType(name)
    module.__file__ = file
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), module.__dict__)
    sys.modules[name] = module
    return module, file
