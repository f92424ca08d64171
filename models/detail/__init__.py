"""The network of the Detail model, Texture's look at more pixels, and its card."""
