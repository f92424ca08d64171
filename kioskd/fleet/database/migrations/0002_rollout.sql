-- What was said to kiosks by layers, and the rollouts that said it.

-- The newest layer of each level that a kiosk was told, as it was signed.
CREATE TABLE fleet.layer (
    site text NOT NULL,
    device text NOT NULL,
    level text NOT NULL CHECK (level IN ('fleet', 'site', 'device')),
    name text NOT NULL,
    config text NOT NULL,
    networks jsonb NOT NULL,           -- entries by name; their files in fleet.network_file
    modified bigint NOT NULL,          -- ms since 1970; each one of a kiosk and level is newer
    digest text NOT NULL,              -- as the kiosk's record names it
    document bytea NOT NULL,           -- signed, as it is published
    published timestamptz,             -- null: the cluster has not said that it took it
    PRIMARY KEY (site, device, level)
);

-- The files of networks that layers ask for; kiosks get them in pieces.
CREATE TABLE fleet.network_file (
    sha256 text PRIMARY KEY,
    content bytea NOT NULL
);

CREATE TABLE fleet.rollout (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    level text NOT NULL,
    config text NOT NULL,              -- YAML, as the layer says it
    networks jsonb NOT NULL DEFAULT '{}',
    share double precision NOT NULL,   -- of the kiosks that are told first
    wait_s double precision NOT NULL,  -- for so long at least each part is watched
    patience_s double precision NOT NULL,
    phase text NOT NULL CHECK (phase IN ('canary', 'all', 'done', 'returning', 'returned')),
    began timestamptz NOT NULL,
    since timestamptz NOT NULL,        -- of the phase
    why text NOT NULL DEFAULT ''       -- it returns, or waits
);
-- One at a time: of two that go on at once nobody could say which of them did it.
CREATE UNIQUE INDEX rollout_at_work ON fleet.rollout ((true)) WHERE phase IN ('canary', 'all', 'returning');

CREATE TABLE fleet.rollout_kiosk (
    rollout bigint NOT NULL REFERENCES fleet.rollout,
    site text NOT NULL,
    device text NOT NULL,
    canary boolean NOT NULL,
    before_name text,                  -- of the layer that it had; null: none
    before_config text,
    before_networks jsonb,
    past_bad bigint NOT NULL,          -- attempts of its own past that were refused, of so many
    past_all bigint NOT NULL,
    digest text,                       -- of what it was told; null: nothing yet
    told timestamptz,
    returned timestamptz,              -- it was told what it had before
    PRIMARY KEY (rollout, site, device)
);
