-- A receipt has a number, and whatever belongs to it is found by that. A number comes after the last: so what is
-- stored together lies in one page, where ids and hashes, which are random, have a page each to be written.
CREATE TABLE new_receipts (
  number            INTEGER PRIMARY KEY,
  id                BLOB    NOT NULL,
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
INSERT INTO new_receipts
SELECT rowid, id, access_hash, receipt_hash, request_hash, state, max_views, views_used, viewed_at, wrong_passphrases,
       created_at, expires_at, ended_at
  FROM receipts ORDER BY rowid;

-- What must not outlive its row stands in overflow pages, as in 0001: `padding` is as long as it takes for
-- `share` and `envelope` to fill them from their beginning, and for little else to be in the page of the tree.
CREATE TABLE new_secrets (
  receipt      INTEGER PRIMARY KEY,
  id           BLOB    NOT NULL CHECK (length(id) = 12),
  reveal_hash  BLOB    NOT NULL CHECK (length(reveal_hash) = 32),
  views_left   INTEGER NOT NULL CHECK (views_left > 0),
  bad_tries    INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER,
  expires_at   INTEGER NOT NULL,
  padding      BLOB    NOT NULL,
  share        BLOB    NOT NULL CHECK (length(share) = 32),
  -- Last, so that reading the others does not walk its overflow pages.
  envelope     BLOB    NOT NULL
) STRICT;
INSERT INTO new_secrets
SELECT r.rowid, s.id, s.reveal_hash, s.views_left, s.bad_tries, s.locked_until, s.expires_at, s.padding, s.share,
       s.envelope
  FROM secrets s JOIN receipts r ON r.id = s.id AND r.access_hash = s.access_hash ORDER BY r.rowid;

-- A share is under a veil that only its claim can lift, and needs no page of its own. Of claims from before, which are
-- found with the number 0, it is as it was, and behind its padding.
CREATE TABLE new_claims (
  receipt    INTEGER NOT NULL DEFAULT 0,
  claim_hash BLOB    NOT NULL,
  views_left INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  padding    BLOB,
  share      BLOB    NOT NULL,
  PRIMARY KEY (receipt, claim_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO new_claims SELECT 0, claim_hash, views_left, expires_at, padding, share FROM claims;

DROP TABLE claims;
DROP TABLE secrets;
DROP TABLE receipts;
ALTER TABLE new_receipts RENAME TO receipts;
ALTER TABLE new_secrets RENAME TO secrets;
ALTER TABLE new_claims RENAME TO claims;
CREATE INDEX receipts_expires_at ON receipts (expires_at);
CREATE INDEX secrets_expires_at ON secrets (expires_at);
CREATE INDEX claims_expires_at ON claims (expires_at);
