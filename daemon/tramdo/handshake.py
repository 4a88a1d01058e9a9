"""What a failed TLS handshake with the broker means: a named state, and a sentence. No I/O."""

import ssl
from datetime import datetime
from pathlib import Path

from tramdo.certificates import Certificate

# OpenSSL's X509_V_ERR numbers, which the ssl module names nowhere.
_NOT_YET, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64
_REFUSALS = (
    "ACCESS_DENIED",
    "BAD_CERTIFICATE",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REQUIRED",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "UNKNOWN_CA",
    "UNSUPPORTED_CERTIFICATE",
)

Why = tuple[str, str]
"""A named state and its cause in a sentence."""
# An end in the middle of the handshake; which of the two it is differs between builds of OpenSSL.
_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def theirs(
    error: ssl.SSLCertVerificationError, host: str, shown: Certificate | None, now: datetime
) -> Why:
    """Say what is wrong with the broker's certificate; `shown` is the one that it presents."""
    of = f"the broker's certificate{f' ({shown.name})' if shown else ''}"
    if error.verify_code in {_WRONG_NAME, _WRONG_ADDRESS}:
        names = ", ".join(shown.names if shown else ()) or "other names"
        return "certificate_name", (
            f"the broker's certificate is for {names}, not for {host}; write such a name as host "
            f"in [mqtt], or have a certificate made for {host}"
        )
    if error.verify_code == _EXPIRED:
        past = shown is not None and shown.ends < now
        whose = of if past or shown is None else f"an authority above {of}"
        at = f" on {shown.ends:%Y-%m-%d}" if shown and past else ""
        return "certificate_expired", f"{whose} has expired{at}; renew it there; {_clock(now)}"
    if error.verify_code == _NOT_YET:
        at = f", only from {shown.begins:%Y-%m-%d}" if shown and shown.begins > now else ""
        return "certificate_not_yet_valid", f"{of} is not yet valid{at}; {_clock(now)}"
    issuer = shown.issuer if shown else "an authority"
    return "certificate_untrusted", (
        f"{of} comes from {issuer}, which is not trusted here ({error.verify_message}); put that "
        "authority's certificate into the ca_file of [mqtt.tls]"
    )


def refuses(error: Exception, *, alone: bool) -> bool:
    """Return whether the broker refused us for our certificate, or, `alone`, for having none."""
    alert = _alert(error)
    return alert in _REFUSALS or (alone and alert == "HANDSHAKE_FAILURE")


def ours(error: Exception, path: Path | None, one: Certificate | None, now: datetime) -> Why:
    """Say why the broker refused the station's certificate; `one` is what stands in `path`."""
    alert = _alert(error)
    if path is None:
        return "own_certificate_refused", (
            "the broker wants a certificate of the station; name cert_file and key_file in "
            "[mqtt.tls]"
        )
    if alert == "CERTIFICATE_EXPIRED" or (one is not None and one.ends < now):
        return "own_certificate_expired", _expired(path, one, now)
    if one is not None and one.begins > now:
        why = f"it is valid only from {one.begins:%Y-%m-%d}; {_clock(now)}"
    elif alert == "UNKNOWN_CA":
        issuer = one.issuer if one else "its authority"
        why = (
            f"it does not trust {issuer}; have it signed by the authority in the broker's cafile, "
            "or add this one there"
        )
    else:
        why = f"{alert.replace('_', ' ').lower()}; the broker's log says more"
    return "own_certificate_refused", f"the broker refused the station's certificate {path}: {why}"


def failed(error: Exception, at: str) -> Why:
    """Say how TLS failed for no certificate's sake; `at` is host:port."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, _ENDED):
        said = words(error)
        if "WRONG_VERSION_NUMBER" not in (error.reason or ""):
            return "tls_failed", f"TLS with {at} failed: {said}; the broker must offer TLS 1.2"
    else:
        said = str(error)
    return "tls_failed", f"nobody speaks TLS at {at} ({said}); is it the port for TLS, mostly 8883?"


def words(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason in small letters."""
    return (error.reason or str(error)).replace("_", " ").lower()


def _alert(error: Exception) -> str:
    return (getattr(error, "reason", None) or "").partition("_ALERT_")[2]


def _expired(path: Path, one: Certificate | None, now: datetime) -> str:
    if one is not None and one.ends >= now:
        return (
            f"the broker says that the station's certificate {path} has expired; here it is valid "
            f"until {one.ends:%Y-%m-%d}: compare both clocks; {_clock(now)}"
        )
    at = f" on {one.ends:%Y-%m-%d}" if one else ""
    return f"the station's certificate {path} has expired{at}; have it renewed"


def _clock(now: datetime) -> str:
    return f"this computer's clock says {now:%Y-%m-%d %H:%M} UTC: set it if that is wrong"
