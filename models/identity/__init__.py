"""Whether two looks are of one person, by SFace."""
