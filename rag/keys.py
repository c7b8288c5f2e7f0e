"""API keys: who may ask over the network, and whether anybody has to be known at all.

In: the folder `home`, a key that a caller shows. Out: the name it was made for. A key is 32 random bytes, so one
SHA-256 keeps it as well as a slow hash would: there is nothing to guess, and a caller is checked at every request.
The file holds names and hashes, can be read by its owner only, and is read anew each time: a key taken away is dead at
once. The same name and key are the login of the page. It prints nothing and knows no HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.words import say

FILE = "keys.json"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")  # it stands in logs and in the browser's login


@dataclass(frozen=True)
class Keys:
    """The keys kept in `home`. Every method raises UsageError where the file is damaged."""

    home: Path

    def new(self, name: str) -> str:
        """A new key for `name`, told this once. Raises UsageError for a name that is taken or cannot be one."""
        if not _NAME.fullmatch(name):
            raise UsageError("key_name", name=name)
        key = "ty-" + secrets.token_urlsafe(32)
        with self._writing():
            kept = self.kept()
            if name in kept:
                raise UsageError("key_taken", name=name)
            self._write(kept | {name: _hash(key)})
        return key

    def remove(self, name: str) -> None:
        """Raises UsageError where there is no such name."""
        with self._writing():
            kept = self.kept()
            if name not in kept:
                raise UsageError("key_unknown", name=name, names=", ".join(kept) or "-")
            self._write({each: known for each, known in kept.items() if each != name})

    def kept(self) -> dict[str, str]:
        """Names, and the hexadecimal SHA-256 of the key of each."""
        try:
            found = json.loads((self.home / FILE).read_text(encoding="utf-8"))
            return {str(name): str(known) for name, known in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise UsageError("key_file", file=self.home / FILE) from error

    def owner(self, key: str) -> str | None:
        """Whose key it is. Every hash is compared, each in constant time."""
        shown = _hash(key)
        return next(iter([name for name, known in self.kept().items() if hmac.compare_digest(shown, known)]), None)

    def _writing(self) -> Any:
        import filelock

        self.home.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.home / "keys.lock")

    def _write(self, kept: dict[str, str]) -> None:
        making = self.home / f"{FILE}.new"
        making.unlink(missing_ok=True)
        with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
        making.replace(self.home / FILE)


@dataclass(frozen=True)
class Door:
    """Who gets in: `keys` where a caller must show one; `local`: only what is addressed to this machine itself."""

    keys: Keys | None = None
    local: bool = True


def door(settings: Any, address: str) -> Door:
    """The door of a server on this IP address. Raises UsageError where it would stand open to others.

    On a Space the platform's front stands before the port, and `demo` limits what strangers may do.
    """
    local = ipaddress.ip_address(address).is_loopback
    if settings.keys == "on" or not local:
        if not local and not settings.keys and os.environ.get("SPACE_ID") and settings.demo == "on":
            return Door(local=False)
        keys = Keys(settings.home)
        if not keys.kept():
            raise UsageError("key_needed", address=address)
        return Door(keys, local=False)
    return Door()


def lines(home: Path, action: str, name: str | None) -> list[str]:
    """What `tiaoyin key ACTION NAME` says, having done it. Raises UsageError."""
    keys = Keys(home)
    if action == "list":
        return list(keys.kept()) or [say("key_none")]
    if not name:
        raise UsageError("key_nameless", action=action)
    if action == "new":
        return [keys.new(name), say("key_made", name=name)]
    keys.remove(name)
    return [say("key_removed", name=name)]


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
