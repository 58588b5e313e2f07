#!/usr/bin/env python3
"""A complete client of iKrypt's API in one file: seals, opens, shows receipts, burns.

Needs Python 3.10 and the package `cryptography` (44 or newer).

    ikrypt.py send https://secrets.example.org < secret.txt     prints the link, and the receipt link below it
    ikrypt.py open 'https://secrets.example.org/s/...#k=...'    writes the text, or saves files here
    ikrypt.py receipt 'https://secrets.example.org/receipt#t=...'
    ikrypt.py burn 'https://secrets.example.org/receipt#t=...'

Files to send stand behind the server's address; a passphrase is taken from IKRYPT_PASSPHRASE, and a creation token,
where the server wants one, from IKRYPT_TOKEN.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import sys
import time
import unicodedata
import urllib.error
import urllib.request

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

LABEL = b"ikrypt/v1 "


# --- the bytes ------------------------------------------------------------------------------------


def b64u(raw: bytes) -> str:
    """base64url without padding: the only form of a byte string that the API takes."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def extract(salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract (RFC 5869) with SHA-256."""
    return hmac.digest(salt, secret, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand, for at most 32 bytes."""
    return hmac.digest(key, info + b"\x01", "sha256")[:length]


def padded_len(n: int) -> int:
    """Hides the length: 1 KiB at least, then Padmé."""
    if n <= 1024:
        return 1024
    exponent = n.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (n + mask) & ~mask


class Keys:
    """Everything that is derived from the link key and the passphrase."""

    def __init__(self, link_key: bytes, passphrase: str | None):
        self.link_key = link_key
        self.kdf = 0 if passphrase is None else 1
        self.header = bytes([1, 1, self.kdf, 0])
        self.of_link = extract(LABEL + b"link", link_key)
        self.access = expand(self.of_link, LABEL + b"access", 32)
        stretched = bytes(32)
        if passphrase is not None:
            salt = expand(self.of_link, LABEL + b"passphrase salt", 16)
            spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in passphrase)
            prepared = unicodedata.normalize("NFC", spaced).encode()
            argon2 = Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=65536)
            stretched = argon2.derive(prepared)
        root = extract(LABEL + b"root", link_key + stretched)
        self.reveal = expand(root, LABEL + b"reveal" + self.header, 32)
        self.base = expand(root, LABEL + b"content" + self.header, 32)

    def cipher(self, share: bytes) -> AESGCM:
        return AESGCM(expand(extract(share, self.base), LABEL + b"aes-256-gcm" + self.header, 32))

    def check(self, secret_id: bytes) -> bytes:
        """Tells a damaged link from a wrong one."""
        return expand(self.of_link, LABEL + b"link check" + bytes([0x10 | self.kdf]) + secret_id, 3)


def pad(kind: int, body: bytes) -> bytes:
    framed = bytes([kind]) + len(body).to_bytes(4, "big") + body
    return framed.ljust(padded_len(len(framed)), b"\0")


def unpad(plain: bytes) -> tuple[int, bytes]:
    end = 5 + int.from_bytes(plain[1:5], "big")
    if len(plain) != padded_len(end) or any(plain[end:]):
        raise SystemExit("the padding is malformed")
    return plain[0], plain[5:end]


def bundle(note: bytes, files: list[tuple[str, bytes]]) -> bytes:
    if not 1 <= len(files) <= 16:
        raise SystemExit("16 files are the most that go with one link")
    body = len(note).to_bytes(4, "big") + note + bytes([len(files)])
    for name, content in files:
        raw, media_type = name.encode(), b"application/octet-stream"
        body += len(raw).to_bytes(2, "big") + raw + bytes([len(media_type)]) + media_type
        body += len(content).to_bytes(4, "big") + content
    return body


def unbundle(body: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    at = 0

    def take(length: int) -> bytes:
        nonlocal at
        at += length
        if at > len(body):
            raise SystemExit("the files are malformed")
        return body[at - length : at]

    note = take(int.from_bytes(take(4), "big"))
    files = []
    for _ in range(take(1)[0]):
        name = take(int.from_bytes(take(2), "big")).decode()
        take(take(1)[0])  # the media type
        files.append((name, take(int.from_bytes(take(4), "big"))))
    return note, files


# --- the calls ------------------------------------------------------------------------------------


def call(server: str, name: str, body: dict) -> dict:
    """The same request until there is an answer: none of the five does anything twice."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{server}/api/v1/{name}", data, {"content-type": "application/json"})
    if name == "create" and "IKRYPT_TOKEN" in os.environ:
        # For this server, and for none that it may send us to.
        request.add_unredirected_header("Authorization", f"Bearer {os.environ['IKRYPT_TOKEN']}")
    for pause in (0.5, 1, 2, 4, 8, None):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (500, 502, 503, 504) or pause is None:
                raise SystemExit(f"{name}: {error.code} {error.read().decode()}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            if pause is None:
                raise SystemExit(f"{name}: no answer: {error}")
        time.sleep(pause)
    raise AssertionError


def send(server: str, kind: int, body: bytes, passphrase: str | None, ttl: int = 86400, views: int = 1):
    """Seals here, stores there, and returns the link and the receipt link."""
    share, token, nonce = os.urandom(32), os.urandom(32), os.urandom(12)
    keys = Keys(os.urandom(32), passphrase)
    sealed = keys.cipher(share).encrypt(nonce, pad(kind, body), keys.header)
    digest = lambda raw: b64u(hashlib.sha256(raw).digest())
    made = call(server, "create", {
        "envelope": b64u(keys.header + nonce + sealed),
        "share": b64u(share),
        "access_hash": digest(keys.access),
        "reveal_hash": digest(keys.reveal),
        "receipt_hash": digest(token),
        "ttl_seconds": ttl,
        "max_views": views,
    })
    fragment = bytes([0x10 | keys.kdf]) + keys.link_key + keys.check(unb64u(made["id"]))
    return f"{server}/s/{made['id']}#k={b64u(fragment)}", f"{server}/receipt#t={b64u(token)}"


def open_link(link: str, passphrase: str | None) -> tuple[int, bytes]:
    """Looks, checks what can be checked, spends a view, decrypts."""
    parts = re.fullmatch(r"(.*)/s/([\w-]{16})#k=([\w-]{48})", link.strip())
    if not parts:
        raise SystemExit("this is no link")
    server, secret_id, fragment = parts[1], parts[2], unb64u(parts[3])
    kdf = fragment[0] & 0x0F
    if kdf == 1 and passphrase is None:
        raise SystemExit("this secret has a passphrase")
    keys = Keys(fragment[1:33], passphrase if kdf == 1 else None)
    if fragment[0] >> 4 != 1 or kdf > 1 or fragment[33:] != keys.check(unb64u(secret_id)):
        raise SystemExit("the link is damaged")
    envelope = unb64u(call(server, "open", {"id": secret_id, "access": b64u(keys.access)})["envelope"])
    if envelope[:4] != keys.header or padded_len(len(envelope) - 32) != len(envelope) - 32:
        raise SystemExit("the envelope does not belong to the link")
    answer = call(server, "reveal", {
        "id": secret_id,
        "access": b64u(keys.access),
        "reveal": b64u(keys.reveal),
        "claim": b64u(os.urandom(16)),
    })
    cipher = keys.cipher(unb64u(answer["share"]))
    return unpad(cipher.decrypt(envelope[4:16], envelope[16:], keys.header))


def save(name: str, content: bytes) -> None:
    """Into this folder, under the last part of the name, and never over another file: the view is used."""
    name = re.sub(r"[^\w .()+=@-]", "_", re.split(r"[/\\]", name)[-1]).strip(" ")
    name = "file" if name in ("", ".", "..") else name
    for copy in range(1, 10_000):
        free = name if copy == 1 else f"{copy} {name}"
        try:
            with open(free, "xb") as target:
                target.write(content)
        except FileExistsError:
            continue
        print(f"saved {free}", file=sys.stderr)
        return


def main(command: str, target: str, *paths: str) -> None:
    passphrase = os.environ.get("IKRYPT_PASSPHRASE")
    if command == "send":
        if paths:
            files = [(os.path.basename(path), open(path, "rb").read()) for path in paths]
            links = send(target, 2, bundle(b"", files), passphrase)
        else:
            text = sys.stdin.buffer.read().decode()  # what is not UTF-8 goes as a file
            links = send(target, 1, text.encode(), passphrase)
        print(*links, sep="\n")
    elif command == "open":
        kind, body = open_link(target, passphrase)
        note, files = (body, []) if kind == 1 else unbundle(body)
        sys.stdout.buffer.write(note)
        for name, content in files:
            save(name, content)
    elif command in ("receipt", "burn"):
        server, token = target.split("/receipt#t=")
        print(json.dumps(call(server, command, {"token": token}), indent=2))


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("send", "open", "receipt", "burn"):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
