"""Passive evidence of an attack that no face crop holds. Nobody is asked to do anything.

Every measure has its own scale, and is called in one of two ways:

    edges.edges(small, scale, box)                of one picture
    edges.EdgeMeter().measure(small, scale, box, track_id, session, at)
                                                  of frames in a row; one meter per feed
    screens.screens(image, box)                   of one picture, at its full resolution
    screens.GridMeter().measure(image, box, track_id, session)
                                                  the same, of every fourth frame; one per feed
    screens.BandMeter().measure(small, scale, box, track_id, session, at)
                                                  of frames in a row; one meter per feed

    background.BackgroundMeter()                  of the picture as a whole, whoever is in it
        .look(small, scale, at, session, boxes)   in every frame: learned while nobody is there
        .measure(small, scale, box, others)       what of it is missing about one face
    moving.CompanyMeter().measure(small, scale, box, track_id, session, at)
                                                  of frames in a row; one meter per feed
    moving.PlanarMeter().measure(image, small, box, track_id, session, at)
                                                  of frames in a row; one meter per feed

    image   (H, W, 3) uint8 BGR, the frame itself
    small   the frame's small copy, and `scale`, frame pixels per pixel of it
    others  the boxes of the other faces in the frame
    box     the face's x1, y1, x2, y2 in pixels of the frame
    at      when the frame was captured, seconds, monotonic

Each gives a float, more like an attack the larger it is, or None where it cannot be told; None
and a small value are no evidence for anything, least of all for life. Beside it stand two
constants, in the measure's unit: LIMIT, at and under which it says nothing, and CLEAR, from which
its whole weight counts (of bands BANDS_LIMIT and BANDS_CLEAR; likewise of company and planar).
docs/measure/passive.md has how they were chosen and what they catch.
"""
