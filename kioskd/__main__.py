"""`python -m kioskd` and the `kioskd` command."""

from kioskd.cli import main

if __name__ == "__main__":
    main()
