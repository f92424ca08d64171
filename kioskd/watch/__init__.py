"""One door in a terminal: what the aiming page tells of it, without a browser."""
