"""What was found of a record, in words for people who have to sign for it. No I/O."""

import textwrap
from collections.abc import Iterator

from tramdo.proof import Verifier, fingerprint
from tramdo.proof.findings import Finding, Report, Span

WIDTH = 100
NOBODY = (
    "No key was given, so nobody has vouched for any of this: whoever had the file could have "
    "written all of it anew. Give the station's public key with --key."
)
SELECTION = (
    "This is a selection of kinds: whether something is missing cannot be said. Each event is "
    "judged by its own signature only."
)
COMPLETE = "COMPLETE AND UNTOUCHED: this is what the station recorded, and nothing is missing."
GENUINE = "GENUINE AS FAR AS IT GOES: each of these events is what the station recorded."
UNPROVEN = "NOT PROVEN: the chain is whole, but nobody vouches for it."
UNPROVEN_PART = "NOT PROVEN: nothing here contradicts itself, but nobody vouches for it."
WRONG = "NOT AS THE STATION WROTE IT, or not all of it."


def page(report: Report, file: str, verifier: Verifier | None) -> str:
    """Return the report as text."""
    return "\n".join(_lines(report, file, verifier))


def _lines(report: Report, file: str, verifier: Verifier | None) -> Iterator[str]:
    yield f"Record of station {report.station or '(none)'}, in {ascii(file)[1:-1]}"
    yield ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
    yield f"  events      {report.events}" + (f": {kinds}" if kinds else "")
    for span in report.epochs:
        yield f"  epoch       {span.epoch}: numbers {span.first} to {span.last}, {_vouched(span)}"
    yield f"  signatures  {_signatures(report)}"
    for key in verifier.keys if verifier else ():
        yield f"  key         {fingerprint(key)}"
    yield ""
    for note in (NOBODY if report.proven is None else "", SELECTION if report.partial else ""):
        if note:
            yield from textwrap.wrap(note, WIDTH)
            yield ""
    yield from _found("Wrong:", report.faults)
    yield from _found("To know:", [one for one in report.findings if not one.fault])
    if report.unlisted:
        yield f"  and {report.unlisted} more findings that are not listed"
        yield ""
    yield _verdict(report)


def _vouched(span: Span) -> str:
    if not span.vouched:
        return "none of them vouched for"
    if span.vouched == span.last:
        return "all vouched for"
    return f"vouched for up to {span.vouched}, those after it not (yet)"


def _signatures(report: Report) -> str:
    if report.proven is None:
        return f"{report.signatures}, none of them judged"
    return f"{report.signatures}, of which {report.proven} proven"


def _found(title: str, findings: "list[Finding] | tuple[Finding, ...]") -> Iterator[str]:
    if not findings:
        return
    yield title
    for one in findings:
        text = f"{one.kind.upper()}: {one.text}"
        yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""


def _verdict(report: Report) -> str:
    if not report.whole:
        return WRONG
    if not report.vouched_for:
        return UNPROVEN_PART if report.partial else UNPROVEN
    if report.partial:
        return GENUINE
    tail = report.tail
    if not tail:
        return COMPLETE
    return f"{COMPLETE} Not yet vouched for: {tail[0]} to {tail[-1]}."
