"""RealSense: cameras with depth, and recordings of them."""
