"""`kioskd completion`: what a shell must read so that Tab completes commands and options."""

from kioskd.commands.exit_status import OK


def run(script: str) -> int:
    """Print the shell's script, which asks kioskd itself at each Tab. Exit status 0."""
    print(script)
    return OK
