"""What the cluster keeps for the fleet, as a file says it, and the command that makes it so."""
