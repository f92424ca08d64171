"""`kioskd setup`: the questions, what is tried meanwhile, and the file that is written."""
