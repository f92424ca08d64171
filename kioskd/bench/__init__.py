"""The bench: the daemon itself under load on this machine, measured from inside and outside."""
