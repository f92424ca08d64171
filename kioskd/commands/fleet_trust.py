"""`kioskd fleet trust`: the keys of kiosks whose records are believed."""

import sys
from pathlib import Path

from kioskd.commands.exit_status import FAILED, OK, WRONG
from kioskd.commands.fleet import fleet, kiosk_named


def run(address: str, file: Path | None, kiosk: str | None, forget: tuple[str, ...]) -> int:
    """Add the keys in the file, or forget some of one kiosk, and say which. Exit status 0, 1 or 2.

    What came of a kiosk before it was trusted lies aside, and is taken then.
    """
    whose = None if kiosk is None else kiosk_named(kiosk)
    if forget and (whose is None or file is not None):
        print("--forget takes the ids of keys of one --kiosk, and no file", file=sys.stderr)
        return WRONG
    with fleet():
        from kioskd.fleet.collector import key_file, trust
        from kioskd.fleet.collector.taken_back import take_back
        from kioskd.fleet.database.library import connected
        from kioskd.verify import KeyFileError

        with connected(address) as database:
            if forget and whose:
                return OK if all(_forgotten(database, whose, each) for each in forget) else FAILED
            try:
                content = sys.stdin.buffer.read() if str(file) == "-" else _content(file)
                found = key_file.read(content, whose)
            except KeyFileError as error:
                print(error, file=sys.stderr)
                return WRONG
            for each, keys in found.items():
                added = trust.trust(database, each, keys)
                taken = take_back(database, each)
                print(f"{'/'.join(each)}: {', '.join(added) or 'nothing new'}", end="")
                print(f"; {taken.rows} records that waited were taken" if taken.rows else "")
    return OK


def _content(file: Path | None) -> bytes:
    if file is None:
        raise OSError("name a FILE of keys, as `kioskd keys export` prints it, or - for input")
    return file.read_bytes()


def _forgotten(database: object, kiosk: tuple[str, str], named: str) -> bool:
    from kioskd.fleet.collector import trust

    done = trust.forget(database, kiosk, named)  # type: ignore[arg-type]  # run has opened it
    print(f"{'/'.join(kiosk)}: {named} is {'forgotten' if done else 'no key that is trusted'}")
    return done
