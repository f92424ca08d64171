"""The published networks, as files that this product reads; each by one command."""
