-- What a view needs, and nothing else. A row with no views left cannot exist.
CREATE TABLE secrets (
  id           bytea       PRIMARY KEY CHECK (octet_length(id) = 12),
  access_hash  bytea       NOT NULL CHECK (octet_length(access_hash) = 32),
  reveal_hash  bytea       NOT NULL CHECK (octet_length(reveal_hash) = 32),
  share        bytea       NOT NULL CHECK (octet_length(share) = 32),
  envelope     bytea       NOT NULL,
  views_left   smallint    NOT NULL CHECK (views_left > 0),
  bad_tries    integer     NOT NULL DEFAULT 0,
  locked_until timestamptz,
  expires_at   timestamptz NOT NULL
) WITH (fillfactor = 70);
-- Ciphertext does not compress.
ALTER TABLE secrets ALTER COLUMN envelope SET STORAGE EXTERNAL;
CREATE INDEX secrets_expires_at ON secrets (expires_at);

-- What the sender may know; no ciphertext, no share. 'expired' is computed, never stored.
CREATE TABLE receipts (
  id                bytea         PRIMARY KEY,
  access_hash       bytea         NOT NULL UNIQUE,
  receipt_hash      bytea         NOT NULL UNIQUE,
  request_hash      bytea         NOT NULL,
  state             text          NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'viewed', 'burned')),
  max_views         smallint      NOT NULL,
  views_used        smallint      NOT NULL DEFAULT 0,
  viewed_at         timestamptz[] NOT NULL DEFAULT '{}',
  wrong_passphrases integer       NOT NULL DEFAULT 0,
  created_at        timestamptz   NOT NULL,
  expires_at        timestamptz   NOT NULL,
  ended_at          timestamptz,
  -- The last line of defence: refuses a view that a bug would grant.
  CHECK (views_used BETWEEN 0 AND max_views),
  CHECK (views_used = cardinality(viewed_at))
) WITH (fillfactor = 80);
CREATE INDEX receipts_expires_at ON receipts (expires_at);

-- A retry is not a second view: the same claim gets the same answer for five minutes.
CREATE TABLE claims (
  claim_hash bytea       PRIMARY KEY,
  share      bytea       NOT NULL,
  views_left smallint    NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX claims_expires_at ON claims (expires_at);
