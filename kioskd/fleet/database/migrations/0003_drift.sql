-- What `kioskd fleet drift` found at doors, each time it looked: for Grafana, and since when.
CREATE TABLE fleet.drift (
    site text NOT NULL,
    device text NOT NULL,
    door text NOT NULL,
    kind text NOT NULL,                -- moved, lamp, lens, scores, refusals
    began timestamptz NOT NULL,        -- when it was found for the first time
    told timestamptz NOT NULL,         -- and for the last
    ended timestamptz,                 -- when it was looked for and not found any more
    sentence text NOT NULL,
    PRIMARY KEY (site, device, door, kind, began)
);
CREATE UNIQUE INDEX drift_open ON fleet.drift (site, device, door, kind) WHERE ended IS NULL;
