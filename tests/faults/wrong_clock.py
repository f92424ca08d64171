"""A wall clock of the daemon's own, and of its captures, that a row sets as it likes.

The machine's clock stays as it is, for others use it: a small C library, built here and loaded
before the system's, adds to what the wall clock says, and says whether a time service keeps it
(wrong_clock.c). libfaketime cannot be told to leave the monotonic clock alone and to change while
a program runs, and a time namespace moves every clock but this one.
"""

import struct
import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")


class WrongClock:
    """`python` is an interpreter that goes by it, as does what it starts by its own name."""

    def __init__(self, folder: Path, off_s: float = 0.0, kept: bool = True) -> None:
        self._told = folder / "clock"
        self.set(off_s, kept)
        library = folder / "wrong_clock.so"
        build = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
        subprocess.run(build, check=True)
        self.python = self._interpreter(folder / "venv", library)

    def set(self, off_s: float, kept: bool = True) -> None:
        """From now on; `kept`: by a time service."""
        content = struct.pack("qq", round(off_s * 1e9), int(kept))
        if not self._told.exists():
            self._told.write_bytes(content)
        with self._told.open("r+b") as file:  # in its place, for it is mapped
            file.write(content)

    def _interpreter(self, folder: Path, library: Path) -> str:
        """A captures' process is told nothing but the interpreter's name: so that one says it."""
        (folder / "bin").mkdir(parents=True)
        (folder / "lib").symlink_to(Path(sys.prefix) / "lib")
        (folder / "pyvenv.cfg").write_text((Path(sys.prefix) / "pyvenv.cfg").read_text())
        made = folder / "bin" / "python"
        made.write_text(
            "#!/bin/bash\n"
            f"export LD_PRELOAD='{library}' WRONG_CLOCK='{self._told}'\n"
            f'exec -a "$0" "{sys.executable}" "$@"\n'
        )
        made.chmod(0o755)
        return str(made)
