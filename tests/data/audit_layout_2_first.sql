BEGIN TRANSACTION;
CREATE TABLE aside (          -- rows that cannot be sent, whole, with the reason
    id INTEGER PRIMARY KEY,
    recorded_at ANY,
    body BLOB,
    delivered_at ANY,
    why TEXT NOT NULL
) STRICT;
INSERT INTO "aside" VALUES(4,1800000004.0,X'7B22736368656D61223A312C226B696E64223A2264656C6976657279222C226E223A226A612C206E61C3AF76652C20E996802034227D',NULL,'its checksum is wrong');
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
INSERT INTO "epoch" VALUES(1,'404a5381-18be-43c2-bf60-f5c449f0affa');
CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also after deletion
    recorded_at REAL NOT NULL,             -- unix seconds
    body TEXT NOT NULL,                    -- JSON
    delivered_at REAL                      -- unix seconds; NULL until the broker took it
, checksum INTEGER) STRICT;
INSERT INTO "record" VALUES(1,1800000001.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 1"}',1800000009.0,4045480278);
INSERT INTO "record" VALUES(2,1800000002.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 2"}',1800000009.0,2109844709);
INSERT INTO "record" VALUES(3,1800000003.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 3"}',1800000009.0,2964400715);
INSERT INTO "record" VALUES(5,1800000005.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 5"}',1800000009.0,626207528);
INSERT INTO "record" VALUES(6,1800000006.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 6"}',NULL,2847123099);
INSERT INTO "record" VALUES(7,1800000007.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 7"}',NULL,1690509365);
CREATE TABLE stretch (        -- of rows whose times come from one unbroken run of the clock
    first INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,       -- the kernel's name for this start of the machine
    zero REAL NOT NULL,       -- unix seconds at that start, as this run of the clock has it
    seen REAL NOT NULL,       -- unix seconds, when last looked at
    sound INTEGER NOT NULL,   -- 1: a time service said that it was right
    dated REAL                -- unix seconds: its rows count as no older; NULL: as they say
) STRICT
;
CREATE INDEX pending ON record (id) WHERE delivered_at IS NULL;
CREATE INDEX delivered ON record (recorded_at) WHERE delivered_at IS NOT NULL
;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('record',7);
PRAGMA user_version = 2;
COMMIT;
