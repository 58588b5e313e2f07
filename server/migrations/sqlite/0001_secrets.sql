-- Times are milliseconds since 1970. What the columns mean stands in ../postgres.
--
-- `secure_delete` overwrites what is deleted, but not the copies that SQLite leaves behind where it moves rows
-- from one page of a tree to another. Only the first 4,061 bytes of a row can be in such a page (of 4,096); what
-- follows is in overflow pages, which belong to their row alone and are overwritten with it. So what must not
-- outlive its row stands behind `padding`.
CREATE TABLE secrets (
  id           BLOB    PRIMARY KEY CHECK (length(id) = 12),
  access_hash  BLOB    NOT NULL CHECK (length(access_hash) = 32),
  reveal_hash  BLOB    NOT NULL CHECK (length(reveal_hash) = 32),
  views_left   INTEGER NOT NULL CHECK (views_left > 0),
  bad_tries    INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER,
  expires_at   INTEGER NOT NULL,
  padding      BLOB    NOT NULL DEFAULT (zeroblob(4061)),
  share        BLOB    NOT NULL CHECK (length(share) = 32),
  -- Last, so that reading the others does not walk its overflow pages.
  envelope     BLOB    NOT NULL
) STRICT;
CREATE INDEX secrets_expires_at ON secrets (expires_at);

CREATE TABLE receipts (
  id                BLOB    PRIMARY KEY,
  access_hash       BLOB    NOT NULL UNIQUE,
  receipt_hash      BLOB    NOT NULL UNIQUE,
  request_hash      BLOB    NOT NULL,
  state             TEXT    NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'viewed', 'burned')),
  max_views         INTEGER NOT NULL,
  views_used        INTEGER NOT NULL DEFAULT 0,
  -- A JSON array of times, oldest first.
  viewed_at         TEXT    NOT NULL DEFAULT '[]',
  wrong_passphrases INTEGER NOT NULL DEFAULT 0,
  created_at        INTEGER NOT NULL,
  expires_at        INTEGER NOT NULL,
  ended_at          INTEGER,
  CHECK (views_used BETWEEN 0 AND max_views),
  CHECK (views_used = json_array_length(viewed_at))
) STRICT;
CREATE INDEX receipts_expires_at ON receipts (expires_at);

CREATE TABLE claims (
  claim_hash BLOB    PRIMARY KEY,
  views_left INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  padding    BLOB    NOT NULL DEFAULT (zeroblob(4061)),
  share      BLOB    NOT NULL
) STRICT;
CREATE INDEX claims_expires_at ON claims (expires_at);
