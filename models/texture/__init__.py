"""The network of the Texture model, and what trains it."""
