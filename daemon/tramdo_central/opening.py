"""From the file of a central server to its ledger and its ring of keys."""

from urllib.parse import quote, urlsplit

from tramdo.credentials import path_of, secret
from tramdo_central.centralfile import Loaded, is_postgres
from tramdo_central.keyring import Keyring
from tramdo_central.ledger import Ledger


def keyring(loaded: Loaded) -> Keyring:
    """Return the enrolled keys."""
    return Keyring(loaded.folder / loaded.central.keys.folder)


def opened(loaded: Loaded, *, read_only: bool = False) -> Ledger:
    """Return the ledger, made where there is none; raises `LedgerError` or `BadCredential`."""
    return Ledger.open(
        url(loaded),
        keyring(loaded),
        only_enrolled=loaded.central.keys.only_enrolled,
        read_only=read_only,
    )


def url(loaded: Loaded) -> str:
    """Return where the ledger is: a whole path, or an address with its password in it."""
    settings = loaded.central.ledger
    if not is_postgres(settings.url):
        return str(path_of(settings.url.removeprefix("sqlite:///"), loaded.folder))
    if settings.password_file is None:
        return settings.url
    password = quote(secret(settings.password_file, loaded.folder), safe="")
    parts = urlsplit(settings.url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{password}{at}{host}").geturl()
