#!/usr/bin/env python3
"""A complete client of iKrypt's API in one file: seals, opens, shows receipts, burns.

Needs Python 3.10 and the package `cryptography` (44 or newer).

    ikrypt.py send https://secrets.example.org < secret.txt     prints the link, and the receipt link below it
    ikrypt.py open 'https://secrets.example.org/s/...#k=...'    writes the text, or saves files in a new folder
    ikrypt.py receipt 'https://secrets.example.org/receipt#t=...'
    ikrypt.py burn 'https://secrets.example.org/receipt#t=...'

Files to send stand behind the server's address, a folder for received files behind the link. A passphrase is taken
from IKRYPT_PASSPHRASE, and a creation token, where the server wants one, from IKRYPT_TOKEN.
"""
import base64
import contextlib
import hashlib
import hmac
import html
import http.client
import itertools
import json
import os
import re
import string
import sys
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

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
        self.link_prk = extract(LABEL + b"link", link_key)
        self.access = expand(self.link_prk, LABEL + b"access", 32)
        passphrase_key = bytes(32)
        if passphrase is not None:
            salt = expand(self.link_prk, LABEL + b"passphrase salt", 16)
            spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in passphrase)
            prepared = unicodedata.normalize("NFC", spaced).encode()
            argon2 = Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=65536)
            passphrase_key = argon2.derive(prepared)
        root_prk = extract(LABEL + b"root", link_key + passphrase_key)
        self.reveal = expand(root_prk, LABEL + b"reveal" + self.header, 32)
        self.base = expand(root_prk, LABEL + b"content" + self.header, 32)

    def cipher(self, share: bytes) -> AESGCM:
        return AESGCM(expand(extract(share, self.base), LABEL + b"aes-256-gcm" + self.header, 32))

def link_check(fragment: bytes, secret_id: bytes) -> bytes:
    """Tells a damaged link from a wrong one."""
    return expand(extract(LABEL + b"link", fragment[1:33]), LABEL + b"link check" + fragment[:1] + secret_id, 3)


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


# --- the links ------------------------------------------------------------------------------------


def unescape(text: str) -> str:
    """Undoes the backslashes of Markdown, shells and JSON, HTML entities, and look-alike characters."""
    code = r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|[nrt])?"
    text = re.sub(code, lambda found: chr(int(found[1] or found[2] or "20", 16)) if len(found[0]) > 1 else "", text)
    narrow = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
    return html.unescape(text).translate(narrow | dict.fromkeys((0x2010, 0x2011, 0x2212, 0xFE63), "-"))


def unhex(text: str, mark: str) -> str:
    return urllib.parse.unquote(re.sub(f"{mark}([0-9A-Fa-f]{{2}})", r"%\1", text.replace("%", "%25")))


def replace_each(text: str, start: str, decode: Callable[[str], tuple[str, int]]) -> str:
    """Gives what follows each of the first 64 starts to `decode`, which returns the replacement and the length of what
    it replaces. No regular expression: one that finds no end searches the rest of the text for every start."""
    plain, rest = "", text
    for _ in range(64):
        before, found, behind = rest.partition(start)
        if not found:
            break
        plain, rest = plain + before + found, behind
        try:
            decoded, length = decode(behind[:8192])
        except ValueError:
            continue  # it looked encoded, and is not
        plain, rest = plain + decoded, behind[length:]
    return plain + rest


def proofpoint_v2(text: str) -> str:
    def unwrap(url: str) -> tuple[str, int]:
        start = 2 if url.startswith("u=") else url.index("&u=") + 3
        wrapped = url[start:].partition("&")[0]
        return unhex(wrapped.replace("_", "/"), "-"), start + len(wrapped)

    return replace_each(text, "/v2/url?", unwrap)


def proofpoint_v3(text: str) -> str:
    """Each `*` stands for the next of the characters behind the `;`, and `**X` for a run of them."""

    def unwrap(url: str) -> tuple[str, int]:
        length = url.index(";")
        wrapped = url[:length].removeprefix("__").removesuffix("__")
        characters = iter(unb64u(url[length + 1 : url.index("!", length)]).decode())
        run = lambda star: LENGTHS.index(star[1]) + 2 if star[1] else 1
        plain = re.sub(r"\*(?:\*(.))?", lambda star: "".join(itertools.islice(characters, run(star))), wrapped)
        return re.sub("^(https?:/)(?=[^/])", r"\1/", plain), length

    return replace_each(text, "/v3/", unwrap)


def unbase64(text: str) -> str:
    for start in ("aHR0c", "eyJ"):  # `http` and `{"`

        def decode(behind: str, start: str = start) -> tuple[str, int]:
            run = re.match("[A-Za-z0-9+/_-]*", behind)[0]
            encoded = (start + run).replace("+", "-").replace("/", "_")
            # A single character more than whole groups of four says nothing.
            return unb64u(encoded[:-1] if len(encoded) % 4 == 1 else encoded).decode(), len(run)

        text = replace_each(text, start, decode)
    return text


LENGTHS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
# Whitespace, and characters that are not seen: line breaking and the direction of text add them.
BLANK = re.compile(r"[\s\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]+")
STEPS = (
    unescape, proofpoint_v3, proofpoint_v2, urllib.parse.unquote, unbase64, lambda text: unhex(text, "="),
    lambda text: re.sub("[\u2013\u2014]", "--", text), lambda text: re.sub("[\u2013\u2014]", "-", text),
)


def with_gaps(text: str) -> str:
    """Drops line breaks and the blanks around them, and marks other blanks by a character that stays."""
    return "".join(re.sub(r"\s+", "\ufffc", line.strip()) for line in re.split("[\n\r\u2028\u2029]", text))


def readings(text: str, blanks: Callable[[str], str] = lambda text: text) -> list[str]:
    """What a text may have been before gateways and editors altered it, at most 32: the check tells which is right."""
    unquoted = re.sub(r"^[ \t>|]+", "", text[:65536], flags=re.M)
    found = []
    add = lambda text: found.append(text) if text not in found and len(found) < 32 else None
    see = lambda text: add(BLANK.sub("", blanks(text)))
    see(re.sub("=\r?\n", "", unquoted))
    see(unquoted)  # the `=` of `#k=` may stand at the end of a line
    for reading in found:  # which grows
        for step in STEPS:
            try:
                see(step(reading))
            except ValueError:
                pass  # it looked encoded, and is not
    return found


def split(reading: str, marker: str) -> tuple[str, str]:
    """What stands before the marker, from the last scheme on, and the key characters behind it."""
    before, _, after = reading.partition(marker)
    start = max(before.rfind("https://"), before.rfind("http://"), 0)
    return before[start:], re.match("[A-Za-z0-9_-]*", after)[0]


def parse_link(text: str) -> tuple[str, str, bytes]:
    """Server, id and fragment of the first reading of a share link whose check holds."""
    found, in_lines = readings(text), readings(text, with_gaps)
    for reading in found:
        before, run = split(reading, "#k=")
        server, _, path = before.rpartition("/s/")
        secret_id = re.match(r"[A-Za-z0-9_-]{16}(?![A-Za-z0-9_-])", path)
        for lost in ("", "_", "-", "__", "_-", "-_", "--"):  # what some programs drop from the end of a link
            if secret_id and is_server_address(server, in_lines) and len(candidate := run[:48] + lost) == 48:
                fragment = unb64u(candidate)
                if fragment[33:] == link_check(fragment, unb64u(secret_id[0])):
                    if "#k" not in unescape("".join(text.split())):
                        print("the # of this link was encoded: a browser shows the key to a server", file=sys.stderr)
                    return check_server(server), secret_id[0], fragment
    raise SystemExit(link_error(found))


def parse_receipt(text: str) -> tuple[str, str]:
    """Server and token of a receipt link. It has no check: two readings that differ are refused."""
    found, in_lines = readings(text), readings(text, with_gaps)
    links = {}
    for before, run in (split(reading, "#t=") for reading in found):
        server, token = before.rpartition("/receipt")[0], run[:43]
        if is_server_address(server, in_lines) and is_token(token):
            links.setdefault(token, server)
    if len(links) != 1:
        raise SystemExit(link_error(found) if not links else "the link is damaged: it can be read in two ways")
    (token, server), = links.items()
    return check_server(server), token


def is_server_address(text: str, in_lines: list[str]) -> bool:
    """Whether this is an address that a text had in one piece: the words of a text may look like a host."""
    return re.fullmatch(r"https?://[\w.:\[\]~/-]+", text) is not None and any(text in reading for reading in in_lines)


def check_server(text: str) -> str:
    """Refuses plain http, but to this machine, and an address with a path: the path could be that of another site."""
    host, here = r"https://([\w.-]+|\[[0-9A-Fa-f:.]+\])", r"http://([\w-]+\.)*localhost|http://127(\.\d{1,3}){3}|http://\[::1\]"
    if re.fullmatch(rf"({host}|{here})(:\d+)?/?", text):
        return text.rstrip("/")
    if text.startswith("http://"):
        why = "only https, or this machine itself: anybody on the line could change what comes over http"
    else:
        why = "a server's address is https://, a host, and perhaps a port, and nothing else"
    raise SystemExit(escape_control_characters(f"{text}: {why}. Nothing was sent"))


def is_token(text: str) -> bool:
    return len(text) == 43 and b64u(unb64u(text)) == text


def link_error(found: list[str]) -> str:
    kinds = {"k": "a link that opens a secret", "t": "a receipt link", "q": "a request link", "c": "a collect link"}
    marked = next(filter(None, (re.search("#([ktqc])=([A-Za-z0-9_-]*)", reading) for reading in found)), None)
    if not marked:
        return "the part of the link after # is missing, or a mail gateway hides it: open it in a browser, and copy its address"
    return f"this is {kinds[marked[1]]}, and not the one that is needed here, or it is damaged: a character was lost or changed"


# --- the calls ------------------------------------------------------------------------------------


class EarlyResponse:
    """A connection that reads the response of a server that refuses a body before it has read all of it."""

    def request(self, *args, **options):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().request(*args, **options)


class EarlyResponseHttp(EarlyResponse, http.client.HTTPConnection):
    pass


class EarlyResponseHttps(EarlyResponse, http.client.HTTPSConnection):
    pass


class HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, request):
        return self.do_open(EarlyResponseHttp, request)


class HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, request):
        return self.do_open(EarlyResponseHttps, request, context=self._context)


urllib.request.install_opener(urllib.request.build_opener(HttpHandler, HttpsHandler))


def check_size(server: str, size: int) -> None:
    """Asks what the server takes before a large secret is sent; one that does not tell refuses it later."""
    try:
        with urllib.request.urlopen(f"{server}/api/v1/config", timeout=5) as response:
            limit = int(json.load(response)["max_secret_bytes"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return
    if size > limit:
        raise SystemExit(f"too large: this server takes at most {limit} bytes, and this has {size}. Nothing was sent")


def call(server: str, name: str, body: dict) -> dict:
    """Repeats a request until there is a response, which may be an error: every call is idempotent."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{server}/api/v1/{name}", data, {"content-type": "application/json"})
    if name == "create" and (token := variable("IKRYPT_TOKEN")):
        # For this server, and for none that it may send us to.
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    for pause in (0.5, 1, 2, 4, 8, None):
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (500, 502, 503, 504) or pause is None:
                text, wait = error.read(2000).decode(errors="replace"), error.headers.get("Retry-After")
                hint = f" Try again in {wait} seconds" if wait else ""
                raise SystemExit(escape_control_characters(f"{name}: {error.code} {text}{hint}"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            if pause is None:
                raise SystemExit(escape_control_characters(f"{name}: no answer: {error}"))
        time.sleep(pause)
    raise AssertionError


def send(server: str, kind: int, body: bytes, passphrase: str | None, ttl: int = 86400, views: int = 1):
    """Seals here, stores there, and returns the link and the receipt link."""
    share, token, nonce = os.urandom(32), os.urandom(32), os.urandom(12)
    keys = Keys(os.urandom(32), passphrase)
    sealed = keys.cipher(share).encrypt(nonce, pad(kind, body), keys.header)
    digest = lambda raw: b64u(hashlib.sha256(raw).digest())
    created = call(server, "create", {
        "envelope": b64u(keys.header + nonce + sealed),
        "share": b64u(share),
        "access_hash": digest(keys.access),
        "reveal_hash": digest(keys.reveal),
        "receipt_hash": digest(token),
        "ttl_seconds": ttl,
        "max_views": views,
    })
    if not isinstance(created["id"], str) or not re.fullmatch("[A-Za-z0-9_-]{16}", created["id"]):
        raise SystemExit("the server answered with an id that is none")
    fragment = bytes([0x10 | keys.kdf]) + keys.link_key
    fragment += link_check(fragment, unb64u(created["id"]))
    return f"{server}/s/{created['id']}#k={b64u(fragment)}", f"{server}/receipt#t={b64u(token)}"


def open_link(link: str, passphrase: str | None) -> tuple[int, bytes]:
    """Looks, checks what can be checked, spends a view, decrypts."""
    server, secret_id, fragment = parse_link(link)
    kdf = fragment[0] & 0x0F
    if fragment[0] >> 4 != 1 or kdf > 1:
        raise SystemExit("the link was made by a newer version")
    if kdf == 1 and passphrase is None:
        raise SystemExit("this secret has a passphrase")
    keys = Keys(fragment[1:33], passphrase if kdf == 1 else None)
    envelope = unb64u(call(server, "open", {"id": secret_id, "access": b64u(keys.access)})["envelope"])
    if envelope[:4] != keys.header or padded_len(len(envelope) - 32) != len(envelope) - 32:
        raise SystemExit("the envelope does not belong to the link")
    revealed = call(server, "reveal", {
        "id": secret_id,
        "access": b64u(keys.access),
        "reveal": b64u(keys.reveal),
        "claim": b64u(os.urandom(16)),
    })
    cipher = keys.cipher(unb64u(revealed["share"]))
    return unpad(cipher.decrypt(envelope[4:16], envelope[16:], keys.header))


# --- the terminal ---------------------------------------------------------------------------------


def variable(name: str) -> str | None:
    """An environment variable, without what editors put around the line of a file: it may have come from one."""
    value = os.environ.get(name)
    return value and value.removeprefix("\ufeff").rstrip("\r\n")


def passphrase() -> str | None:
    """An empty passphrase is a mistake: the secret would be sent without one."""
    if (value := variable("IKRYPT_PASSPHRASE")) == "":
        raise SystemExit("IKRYPT_PASSPHRASE is empty")
    return value


def escape_control_characters(text: str) -> str:
    """Replaces control characters, which could control the terminal, with symbols for them."""
    symbol = lambda c: chr(0x2400 + ord(c)) if c < " " else "\u2421" if c == "\x7f" else "\ufffd"
    is_control = lambda c: unicodedata.category(c) == "Cc" and c not in "\n\t"
    return "".join(symbol(c) if is_control(c) else c for c in text.replace("\r\n", "\n"))


def write_output(text: bytes) -> None:
    if sys.stdout.isatty():
        text = escape_control_characters(text.decode(errors="replace")).encode(errors="replace")
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def create_unique(path: str, create: Callable) -> str:
    """Makes a file or folder of this name, or of the next numbered one that is free: nothing is replaced."""
    folder, name = os.path.split(path)
    for copy in itertools.count(1):
        try:
            unique = os.path.join(folder, name if copy == 1 else f"{copy} {name}")
            create(unique)
            return unique
        except FileExistsError:
            continue
    raise AssertionError


def save(files: list[tuple[str, bytes]], folder: str | None) -> None:
    """The sender chose the names: they are shown first, and nothing acts on a name like `.bashrc` in a new folder."""
    sanitize = lambda name: re.sub(r"[^\w .()+=@-]", "_", re.split(r"[/\\]", name)[-1]).strip(" ")
    named = [("file" if sanitize(name) in ("", ".", "..") else sanitize(name), content) for name, content in files]
    for name, content in named:
        print(f"{name} ({len(content)} bytes)", file=sys.stderr)
    if folder is None:
        folder = create_unique("ikrypt-files", lambda path: os.mkdir(path, 0o700))
    for name, content in named:

        def write(path: str) -> None:
            with open(path, "xb") as target:
                target.write(content)

        print(f"saved {create_unique(os.path.join(folder, name), write)}", file=sys.stderr)


def main(command: str, target: str, *paths: str) -> None:
    if command == "send":
        target = check_server(target)
        contents = [open(path, "rb").read() for path in paths] or [sys.stdin.buffer.read()]
        if (size := sum(map(len, contents))) > 65536:
            check_size(target, size)
        if paths:
            kind, body = 2, bundle(b"", list(zip(map(os.path.basename, paths), contents)))
        else:
            kind, body = 1, contents[0].decode().encode()  # what is not UTF-8 goes as a file
        print(*send(target, kind, body, passphrase()), sep="\n")
    elif command == "open":
        if paths:
            os.makedirs(paths[0], exist_ok=True)  # before a view is used
        kind, body = open_link(target, passphrase())
        note, files = (body, []) if kind == 1 else unbundle(body)
        write_output(note)
        if files:
            save(files, paths[0] if paths else None)
    elif command in ("receipt", "burn"):
        server, token = parse_receipt(target)
        print(json.dumps(call(server, command, {"token": token}), indent=2))


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("send", "open", "receipt", "burn"):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
