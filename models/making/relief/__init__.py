"""How the relief network and the mean face that it stands on are made."""
