"""What the liveness networks share: ours, and those that a site adds."""
