"""What the liveness networks share: ours (hybrid, context, texture), and those that a site adds."""
