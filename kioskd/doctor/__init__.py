"""What `kioskd doctor` looks at, beside what the daemon itself can tell."""
