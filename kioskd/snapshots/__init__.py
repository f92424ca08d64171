"""Pictures of refused attempts, sealed for another to open, where a site asked for them."""
