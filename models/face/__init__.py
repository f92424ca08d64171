"""Face detection: YuNet."""
