"""Reading config.yaml again while the daemon is at work: what changed is applied door by door."""
