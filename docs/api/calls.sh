# The server; its own address in your case.
server=${IKRYPT_SERVER:-http://127.0.0.1:3000}
post() { curl --silent --show-error --fail-with-body --json "$2" "$server/api/v1/$1"; echo; }

# An encrypted secret: the text "hunter2", with keys that are public. Clients generate their own.
created=$(post create '{
  "envelope": "{envelope}",
  "share": "{share}",
  "access_hash": "{access_hash}",
  "reveal_hash": "{reveal_hash}",
  "receipt_hash": "{receipt_hash}",
  "ttl_seconds": 3600,
  "max_views": 100
}')
echo "$created"
id=$(expr "$created" : '.*"id":"\([^"]*\)"')

# Loading uses no view.
access={access}
post open '{"id": "'$id'", "access": "'$access'"}'

# A view: the server's key share. The same claim again gets the same view.
reveal={reveal}
claim=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
post reveal '{"id": "'$id'", "access": "'$access'", "reveal": "'$reveal'", "claim": "'$claim'"}'

# The sender's side.
token={token}
post receipt '{"token": "'$token'"}'
post burn '{"token": "'$token'"}'
