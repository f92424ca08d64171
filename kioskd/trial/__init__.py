"""A daemon for a short while, in a folder of its own: `kioskd demo` and `kioskd try`."""
