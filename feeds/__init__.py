"""Feeds: where light becomes a Frame. This package knows nothing of faces or doors."""
