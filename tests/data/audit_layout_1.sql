BEGIN TRANSACTION;
CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also after deletion
    recorded_at REAL NOT NULL,             -- unix seconds
    body TEXT NOT NULL,                    -- JSON
    delivered_at REAL                      -- unix seconds; NULL until the broker took it
) STRICT;
INSERT INTO "record" VALUES(1,1800000001.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 1"}',1800000009.0);
INSERT INTO "record" VALUES(2,1800000002.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 2"}',1800000009.0);
INSERT INTO "record" VALUES(3,1800000003.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 3"}',1800000009.0);
INSERT INTO "record" VALUES(4,1800000004.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 4"}',NULL);
INSERT INTO "record" VALUES(5,1800000005.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 5"}',1800000009.0);
INSERT INTO "record" VALUES(6,1800000006.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 6"}',NULL);
INSERT INTO "record" VALUES(7,1800000007.0,'{"schema":1,"kind":"delivery","n":"ja, naïve, 門 7"}',NULL);
CREATE INDEX pending ON record (id) WHERE delivered_at IS NULL;
CREATE INDEX delivered ON record (recorded_at) WHERE delivered_at IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('record',7);
PRAGMA user_version = 1;
COMMIT;
