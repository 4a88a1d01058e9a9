"""TLS towards the broker: the context of a station file, and a name for every way it can fail.

A broker that speaks TLS 1.3 refuses our certificate only after our side of the handshake is done,
which the MQTT client shows as "Operation timed out": `why` then knocks once without MQTT to hear.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tramdo import handshake
from tramdo.certificates import Certificate, certificates
from tramdo.credentials import BadCredential, content, guarded, path_of
from tramdo.errors import TramdoError
from tramdo.settings.station import Tls

KNOCK_LIMIT = 3.0
EXPIRES_SOON = 30


class TlsFault(TramdoError):
    """TLS cannot be begun with the files of [mqtt.tls]; `state` is what the board shows."""

    state = "tls_failed"


class _Tidy(ssl.SSLSocket):
    """A socket that closes itself when its handshake fails: paho leaves it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            self.close()
            raise


def context(tls: Tls | None, folder: Path) -> ssl.SSLContext | None:
    """Return the context of [mqtt.tls]: TLS 1.2 or newer, the broker's name checked.

    None without the table. Raises `TlsFault` for every file that cannot be used.
    """
    if tls is None:
        return None
    try:
        made = _trusting(path_of(tls.ca_file, folder) if tls.ca_file else None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.sslsocket_class = _Tidy
        own = own_certificate(tls, folder)
        if own is not None:
            _show_own(made, own, path_of(tls.key_file, folder) if tls.key_file else None)
        elif tls.key_file:
            raise TlsFault("key_file stands alone in [mqtt.tls]; name its certificate in cert_file")
    except BadCredential as error:
        raise TlsFault(str(error)) from None
    return made


def own_certificate(tls: Tls, folder: Path) -> Path | None:
    """Return the file with the station's own certificate; raises `BadCredential`."""
    return path_of(tls.cert_file, folder) if tls.cert_file else None


def expiring(tls: Tls | None, folder: Path, now: datetime) -> list[str]:
    """Return a sentence for each certificate that ends within 30 days or cannot be read."""
    files = (tls.cert_file, tls.ca_file) if tls else ()
    return [line for file in files if file for line in _ends(file, folder, now)]


async def why(
    error: BaseException,
    host: str,
    port: int,
    context: ssl.SSLContext | None,
    own_cert: Path | None,
) -> tuple[str, str]:
    """Return the named state and the cause of a connection that failed; "away" if not for TLS."""
    found: Exception | None = None
    if context is not None:
        found = _fault_in(error) or await asyncio.to_thread(_knock, host, port, context)
    if found is None:
        return "away", str(error) or type(error).__name__
    now = datetime.now(UTC)
    if isinstance(found, ssl.SSLCertVerificationError):
        shown = await asyncio.to_thread(_presented, host, port)
        return handshake.theirs(found, host, shown, now)
    if handshake.refuses(found, alone=own_cert is None):
        return handshake.ours(found, own_cert, _leaf(own_cert), now)
    return handshake.failed(found, f"{host}:{port}")


def _trusting(authorities: Path | None) -> ssl.SSLContext:
    if authorities is not None:
        content(authorities)
    try:
        return ssl.create_default_context(cafile=authorities)
    except ssl.SSLError:
        raise _no_certificate(authorities) from None


def _no_certificate(path: Path | None) -> BadCredential:
    return BadCredential(
        f"{path} holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"
    )


def _certificates(path: Path) -> list[Certificate]:
    try:
        return certificates(content(path))
    except ValueError:
        raise _no_certificate(path) from None


def _show_own(made: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    _certificates(cert)
    holder = guarded(key or cert)
    if b"PRIVATE KEY-----" not in content(holder):
        missing = f"{holder} holds no private key in PEM"
        raise TlsFault(missing if key else f"{missing}; name the file that does in key_file")
    try:
        made.load_cert_chain(cert, key, password=lambda: _locked(holder))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            text = f"{holder} is the key of another certificate than {cert}"
        else:
            text = f"{cert} with the key {holder} cannot be used: {handshake.words(error)}"
        raise TlsFault(text) from None


def _locked(path: Path) -> str:
    raise TlsFault(
        f"{path} is locked with a passphrase, and nobody is there to type it; unlock it: "
        f"openssl pkey -in {path} -out {path}.open && chmod 600 {path}.open"
    )


def _ends(file: str, folder: Path, now: datetime) -> Iterator[str]:
    try:
        path = path_of(file, folder)
        for one in _certificates(path):
            days = one.days(now)
            if days < 0:
                yield f"{path}: {one.name} has expired on {one.ends:%Y-%m-%d}"
            elif days <= EXPIRES_SOON:
                yield f"{path}: {one.name} expires on {one.ends:%Y-%m-%d}, in {days} days"
    except BadCredential as error:
        yield str(error)


def _fault_in(error: BaseException | None) -> ssl.SSLError | None:
    """Return the TLS error that an error hides."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _knock(host: str, port: int, context: ssl.SSLContext) -> Exception | None:
    """Shake hands, say nothing, wait for an alert; return what went wrong with TLS, if it did."""
    end = time.monotonic() + KNOCK_LIMIT
    try:
        line = socket.create_connection((host, port), KNOCK_LIMIT)
    except OSError:
        return None
    with line:
        try:
            line.settimeout(max(0.1, end - time.monotonic()))
            with context.wrap_socket(line, server_hostname=host) as shaken:
                return _alert_of(shaken, end)
        except TimeoutError:
            return None
        except (OSError, ValueError) as error:
            return error


def _alert_of(shaken: ssl.SSLSocket, end: float) -> ssl.SSLError | None:
    try:
        shaken.settimeout(max(0.1, end - time.monotonic()))
        shaken.recv(1)
    except ssl.SSLError as error:
        return error if "_ALERT_" in (error.reason or "") else None
    except OSError:
        return None
    return None


def _presented(host: str, port: int) -> Certificate | None:
    """Return the broker's certificate, unchecked, to say what is wrong with it."""
    try:
        pem = ssl.get_server_certificate((host, port), timeout=KNOCK_LIMIT)
        return certificates(pem.encode())[0]
    except (OSError, ValueError):
        return None


def _leaf(path: Path | None) -> Certificate | None:
    try:
        return _certificates(path)[0] if path else None
    except BadCredential:
        return None
