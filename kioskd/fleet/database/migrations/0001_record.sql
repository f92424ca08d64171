-- The record of a fleet. Times are timestamptz; what a kiosk's clock said and what the broker's
-- clock said are never mixed: `recorded_at` and `…_at` of a payload are the kiosk's, `received_at`,
-- `heard_at` and `noticed` are when the cluster took the message.

-- A kiosk whose keys are trusted; one row each, locked by the collector that takes its records.
CREATE TABLE fleet.kiosk (
    site text NOT NULL,
    device text NOT NULL,
    first_heard timestamptz,           -- null: trusted, and never heard
    last_heard timestamptz,            -- of anything that was believed
    boot text,                         -- bootId of the newest start that was heard of
    boot_heard_at timestamptz,
    version text,
    config_digest text,
    model_version text,
    -- what /status says: online, offline, stopped
    status text,
    status_heard_at timestamptz,
    problems jsonb,                    -- [{code, detail}]
    -- what /health says; null where it is not told
    ready boolean,
    health jsonb,                      -- the payload as it came, without what is not JSON
    health_heard_at timestamptz,
    clock_offset_s double precision,   -- kiosk's clock less the broker's, by the newest health
    clock_synchronised boolean,        -- as the newest record says
    -- what /alarms says: [{code, doorId, detail, began, ended}]
    alarms jsonb,
    alarms_heard_at timestamptz,
    rows bigint NOT NULL DEFAULT 0,    -- in audit_row, ever
    again bigint NOT NULL DEFAULT 0,   -- came once more, the same bytes
    aside bigint NOT NULL DEFAULT 0,   -- put aside
    cloned_at timestamptz,             -- when two machines were last seen to speak as this kiosk
    PRIMARY KEY (site, device)
) WITH (fillfactor = 60);

-- Every start of a kiosk's daemon that was heard of: one that comes back is a second machine.
CREATE TABLE fleet.boot (
    site text NOT NULL,
    device text NOT NULL,
    boot text NOT NULL,
    heard_at timestamptz NOT NULL,     -- for the first time
    PRIMARY KEY (site, device, boot)
);

CREATE TABLE fleet.trusted_key (
    site text NOT NULL,
    device text NOT NULL,
    key_id text NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    added timestamptz NOT NULL DEFAULT now(),
    forgotten timestamptz,
    PRIMARY KEY (site, device, key_id),
    FOREIGN KEY (site, device) REFERENCES fleet.kiosk
);

-- A log of a kiosk, from its first record that came to its newest: all between came, but for what
-- stands in fleet.gap as not filled.
CREATE TABLE fleet.epoch (
    site text NOT NULL,
    device text NOT NULL,
    epoch text NOT NULL,
    first_seq bigint NOT NULL,
    first_previous bytea,              -- what the first one names: null is a log's beginning
    high_seq bigint NOT NULL,
    high_digest bytea NOT NULL,        -- SHA-256 of the newest, which the next one must name
    begun timestamptz NOT NULL,
    last_received timestamptz NOT NULL,
    PRIMARY KEY (site, device, epoch),
    FOREIGN KEY (site, device) REFERENCES fleet.kiosk
) WITH (fillfactor = 60);

-- Numbers that have not come. What comes out of order by a moment is no gap: see fleet.missing.
CREATE TABLE fleet.gap (
    site text NOT NULL,
    device text NOT NULL,
    epoch text NOT NULL,
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL,
    noticed timestamptz NOT NULL,
    filled timestamptz,
    PRIMARY KEY (site, device, epoch, from_seq),
    CHECK (from_seq <= to_seq)
);
CREATE INDEX gap_open ON fleet.gap (noticed) WHERE filled IS NULL;

-- The good table: signed by a trusted key, linked to its neighbours, each once.
CREATE TABLE fleet.audit_row (
    site text NOT NULL,
    device text NOT NULL,
    epoch text NOT NULL,
    boot text NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,                -- result, delivery, reply, command, snapshot
    event_id text NOT NULL,
    source text NOT NULL,
    door text NOT NULL,                -- the source's name where a record names no door
    recorded_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    mode text,                         -- from here on of results alone
    action_id text,
    verdict text,                      -- passed, failed, undecided
    reasons text[],
    score double precision,            -- attributes.liveness, else the first of scores
    scores jsonb,                      -- by network or evidence, 0 to 1
    measured jsonb,                    -- each value beside its limit
    emits boolean,
    outcome text,                      -- of a delivery: published, expired, refused
    config_digest text,
    model_version text,
    clock_synchronised boolean,
    payload bytea NOT NULL,            -- as it came, with its signature
    digest bytea NOT NULL,             -- SHA-256 of it
    PRIMARY KEY (site, device, epoch, seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX audit_row_recorded ON fleet.audit_row USING brin (recorded_at)
    WITH (pages_per_range = 32, autosummarize = on);

-- What is not believed, or not understood: never lost, never among the good rows.
CREATE TABLE fleet.put_aside (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    site text,                         -- by the topic, for nobody else vouches for it
    device text,
    subject text NOT NULL,             -- the topic without its prefix: site/device/audit
    reason text NOT NULL,              -- see docs/install/fleet.md
    detail text NOT NULL,
    -- its place in a chain, where a trusted key signed it: then the number has come, and is no gap
    epoch text,
    seq bigint,
    payload bytea NOT NULL,            -- the first 65536 bytes
    bytes bigint NOT NULL,             -- of the whole
    digest bytea NOT NULL,             -- SHA-256 of the whole
    times bigint NOT NULL DEFAULT 1    -- how often the same came
);
CREATE INDEX put_aside_received ON fleet.put_aside (received_at);
CREATE INDEX put_aside_place ON fleet.put_aside (site, device, epoch, seq);
CREATE UNIQUE INDEX put_aside_once ON fleet.put_aside (subject, reason, digest);

-- Histories of what is retained on the broker, one row for each change.
CREATE TABLE fleet.state (
    site text NOT NULL,
    device text NOT NULL,
    source text NOT NULL,
    door text NOT NULL,
    heard_at timestamptz NOT NULL,
    boot text NOT NULL,
    state text NOT NULL,               -- starting, online, stalled, offline
    reason text NOT NULL,
    detail text NOT NULL,
    since timestamptz,
    PRIMARY KEY (site, device, source, heard_at)
);
CREATE TABLE fleet.status (
    site text NOT NULL,
    device text NOT NULL,
    heard_at timestamptz NOT NULL,
    boot text NOT NULL,
    status text NOT NULL,
    problems jsonb NOT NULL,
    PRIMARY KEY (site, device, heard_at)
);
CREATE TABLE fleet.alarm (
    site text NOT NULL,
    device text NOT NULL,
    code text NOT NULL,
    door text NOT NULL,                -- empty: of the whole kiosk
    began timestamptz NOT NULL,
    ended timestamptz,
    detail text NOT NULL,
    heard_at timestamptz NOT NULL,
    PRIMARY KEY (site, device, code, door, began)
);
-- The newest health of each hour: counts in `doors` grow from the start of a boot.
CREATE TABLE fleet.health (
    site text NOT NULL,
    device text NOT NULL,
    hour timestamptz NOT NULL,
    heard_at timestamptz NOT NULL,
    boot text NOT NULL,
    ready boolean NOT NULL,
    why jsonb NOT NULL,
    doors jsonb NOT NULL,
    audit_rows_waiting bigint,
    memory_mb double precision,
    open_files integer,
    PRIMARY KEY (site, device, hour)
);

-- Collectors that are at work, each by its own word every some seconds.
CREATE TABLE fleet.collector (
    name text PRIMARY KEY,             -- machine and process
    started timestamptz NOT NULL,
    heard_at timestamptz NOT NULL,
    stopped timestamptz,               -- it ended in order
    rows bigint NOT NULL,              -- taken into audit_row since its start
    again bigint NOT NULL,
    aside bigint NOT NULL,
    letters bigint NOT NULL,           -- of all kinds
    waiting bigint NOT NULL            -- in the cluster, of all kinds, when it last looked
);

-- For how long rows are kept; the site '' is every other.
CREATE TABLE fleet.retention (
    site text PRIMARY KEY,
    days integer NOT NULL CHECK (days >= 1)
);
INSERT INTO fleet.retention VALUES ('', 400);

-- Gaps that stayed open for two minutes: what several collectors take out of order is together by then.
CREATE VIEW fleet.missing AS
    SELECT site, device, epoch, from_seq, to_seq, to_seq - from_seq + 1 AS rows, noticed
    FROM fleet.gap WHERE filled IS NULL AND noticed < now() - interval '2 minutes';

-- Kiosks that are trusted, did not say that they were stopped, and have said nothing for two minutes:
-- health comes every 30 s. Where collectors are behind, what kiosks said may still be in the cluster.
CREATE VIEW fleet.silent AS
    SELECT site, device, last_heard, status FROM fleet.kiosk
    WHERE last_heard < now() - interval '2 minutes' AND status IS DISTINCT FROM 'stopped'
        AND EXISTS (SELECT FROM fleet.trusted_key AS key WHERE forgotten IS NULL
            AND (key.site, key.device) = (kiosk.site, kiosk.device));
