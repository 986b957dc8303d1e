"""The clocks that work is timed with: wall time, or CPU time of this process."""

import time
from collections.abc import Callable

Clock = Callable[[], float]  # returns seconds; only differences mean something

# CPU time counts all threads. It hardly depends on what else the machine does.
CLOCKS: dict[str, Clock] = {"wall": time.monotonic, "cpu": time.process_time}
