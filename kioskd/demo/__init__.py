"""The demo: the shipped daemon on two shipped clips, with the embedded broker."""
