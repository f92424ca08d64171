BEGIN TRANSACTION;
CREATE TABLE aside (          -- rows that cannot be sent, whole, with the reason
    id INTEGER PRIMARY KEY,
    recorded_at ANY,
    body BLOB,
    delivered_at ANY,
    why TEXT NOT NULL
) STRICT;
CREATE TABLE deletion (       -- what was deleted, and when
    deleted_at REAL NOT NULL, -- unix seconds
    first INTEGER NOT NULL,   -- the numbers deleted lie between these two
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    recorded_before REAL NOT NULL
) STRICT;
CREATE TABLE epoch (          -- under which name the numbers from `first` on leave
    first INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
INSERT INTO "epoch" VALUES(1,'b387ab3c-9bb1-4023-8c6e-b4045c4650ce');
CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also after deletion
    recorded_at REAL NOT NULL,             -- unix seconds
    body TEXT NOT NULL,                    -- JSON
    delivered_at REAL                      -- unix seconds; NULL until the broker took it
, checksum INTEGER) STRICT;
INSERT INTO "record" VALUES(1,1800000001.0,'{"seq":1,"epoch":"b387ab3c-9bb1-4023-8c6e-b4045c4650ce","schema":1,"kind":"delivery","n":"row-1"}',1800000009.0,3276314907);
INSERT INTO "record" VALUES(2,1800000002.0,'{"seq":2,"epoch":"b387ab3c-9bb1-4023-8c6e-b4045c4650ce","schema":1,"kind":"delivery","n":"row-2"}',1800000009.0,83492802);
INSERT INTO "record" VALUES(3,1800000003.0,'{"seq":3,"epoch":"b387ab3c-9bb1-4023-8c6e-b4045c4650ce","schema":1,"kind":"delivery","n":"row-3"}',NULL,1181295221);
INSERT INTO "record" VALUES(4,1800000004.0,'{"seq":4,"epoch":"b387ab3c-9bb1-4023-8c6e-b4045c4650ce","schema":1,"kind":"delivery","n":"row-4"}',NULL,725894604);
INSERT INTO "record" VALUES(5,1800000005.0,'{"seq":5,"epoch":"b387ab3c-9bb1-4023-8c6e-b4045c4650ce","schema":1,"kind":"delivery","n":"row-5"}',NULL,1775540347);
CREATE TABLE rescue (         -- damaged logs, whose waiting rows are brought here
    path TEXT PRIMARY KEY,
    next INTEGER NOT NULL,    -- the number to go on with, up to `last`
    last INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    lost INTEGER NOT NULL     -- numbers that could not be read
) STRICT;
CREATE TABLE stretch (        -- of rows whose times come from one unbroken run of the clock
    first INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,       -- the kernel's name for this start of the machine
    zero REAL NOT NULL,       -- unix seconds at that start, as this run of the clock has it
    seen REAL NOT NULL,       -- unix seconds, when last looked at
    sound INTEGER NOT NULL,   -- 1: a time service said that it was right
    dated REAL                -- unix seconds: its rows count as no older; NULL: as they say
) STRICT
;
INSERT INTO "stretch" VALUES(1,'one',1790000000.0,1800000000.0,1,NULL);
CREATE INDEX pending ON record (id) WHERE delivered_at IS NULL;
CREATE INDEX delivered ON record (recorded_at) WHERE delivered_at IS NOT NULL
;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('record',5);
COMMIT;
PRAGMA user_version = 2;
PRAGMA journal_mode = WAL;
