"""How long a test waits for a cause before it calls it broken."""

from collections.abc import Callable

DEADLINE_S = 240.0  # generous: reached only when something is broken, however busy the machine

# Each raises AssertionError when what it guards has broken, for which nobody need wait in vain.
GUARDS: set[Callable[[], None]] = set()
