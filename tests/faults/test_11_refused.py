"""Fault 11: the broker refuses: certificates of all wrong sorts, and rights. Nothing is lost."""

from pathlib import Path
from typing import Any

import publishing
import pytest
from aiomqtt import Client
from authority import DAY, Authority, Pair, guarded
from conftest import Broker
from publishing import Site
from waiting import until

from tramdo.publisher import Publisher
from tramdo.settings.station import Tls
from tramdo.tls import context

site = publishing.site
PATTERN = "pattern readwrite tramdo/v1/%u/#\n"
HERE = ("localhost", "127.0.0.1")


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Our CA")


def table(authority: Authority, own: Pair | None = None) -> dict[str, Any]:
    return {"tls": {"ca_file": str(authority.file), **(own.keys() if own else {})}}


def state(publisher: Publisher) -> tuple[str, str]:
    facts = publisher.facts()
    return facts["state"], facts["cause"]


async def entered(publisher: Publisher, wanted: str) -> str:
    """Wait for a named state; return its cause."""
    await until(lambda: state(publisher)[0] == wanted, f"{wanted}: {state(publisher)}", bound=25)
    return state(publisher)[1]


@pytest.mark.parametrize(
    ("names", "dates", "wanted", "words"),
    [
        (HERE, (-9, -1), "certificate_expired", "has expired on"),
        (HERE, (1, 9), "certificate_not_yet_valid", "clock says"),
        (("b.example",), (-1, 9), "certificate_name", "is for b.example, not for 127.0.0.1"),
    ],
)
async def test_a_wrong_certificate_of_the_broker_is_named_and_mending_it_is_enough(  # noqa: PLR0917
    broker: Broker,
    site: Site,
    ours: Authority,
    names: tuple[str, ...],
    dates: tuple[int, int],
    wanted: str,
    words: str,
) -> None:
    wrong = ours.pair("broker", *names, begins=dates[0] * DAY, ends=dates[1] * DAY)
    guarded(broker, ours, wrong)
    site.append("check", "scale-1", 5)
    async with site.publishing(broker.port, **table(ours, ours.pair("tn-01"))) as publisher:
        assert words in await entered(publisher, wanted)
        guarded(broker, ours, ours.pair("broker", *HERE))
        await entered(publisher, "online")


async def test_a_broker_of_another_authority_is_named(
    broker: Broker, site: Site, ours: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "Other CA")
    guarded(broker, other, other.pair("broker", *HERE))
    async with site.publishing(broker.port, **table(ours)) as publisher:
        assert "comes from Other CA" in await entered(publisher, "certificate_untrusted")


@pytest.mark.parametrize("fault", ["expired", "foreign", "none"])
async def test_a_certificate_of_ours_that_the_broker_refuses_is_named(
    broker: Broker, site: Site, ours: Authority, tmp_path: Path, fault: str
) -> None:
    other = Authority(tmp_path, "Other CA")
    own, wanted, words = {
        "expired": (ours.pair("tn-01", begins=-9 * DAY, ends=-DAY), "expired", "has expired on"),
        "foreign": (other.pair("tn-01"), "refused", "does not trust Other CA"),
        "none": (None, "refused", "name cert_file and key_file"),
    }[fault]
    guarded(broker, ours, ours.pair("broker", *HERE))
    site.append("check", "scale-1", 5)
    async with site.publishing(broker.port, **table(ours, own)) as publisher:
        assert words in await entered(publisher, f"own_certificate_{wanted}")
        assert site.journal.backlog == 5


async def test_a_port_without_tls_is_named(broker: Broker, site: Site, ours: Authority) -> None:
    async with site.publishing(broker.port, **table(ours)) as publisher:
        assert "nobody speaks TLS at" in await entered(publisher, "tls_failed")


async def test_a_key_that_others_may_read_is_named_and_mending_it_is_enough(
    broker: Broker, site: Site, ours: Authority
) -> None:
    guarded(broker, ours, ours.pair("broker", *HERE))
    own = ours.pair("tn-01")
    own.key.chmod(0o644)
    async with site.publishing(broker.port, **table(ours, own)) as publisher:
        assert "run: chmod 600" in await entered(publisher, "tls_failed")
        own.key.chmod(0o600)
        await entered(publisher, "online")


async def test_another_stations_certificate_may_not_write_here(
    broker: Broker, site: Site, ours: Authority, tmp_path: Path
) -> None:
    rights = tmp_path / "acl"
    rights.write_text(PATTERN)
    guarded(broker, ours, ours.pair("broker", *HERE), f"acl_file {rights}")
    site.append("check", "scale-1", 5)
    async with site.publishing(broker.port, **table(ours, ours.pair("tn-02"))) as publisher:
        assert "0x87" in await entered(publisher, "refused")
        assert site.journal.backlog == 5


async def test_with_the_stations_own_certificate_everything_arrives(
    broker: Broker, site: Site, ours: Authority, tmp_path: Path
) -> None:
    rights = tmp_path / "acl"
    rights.write_text(f"user reader\ntopic read #\n\n{PATTERN}")
    guarded(broker, ours, ours.pair("broker", *HERE), f"acl_file {rights}")
    site.append("check", "scale-1", 5)
    more = {**table(ours, ours.pair("tn-01")), "promise": "broker"}
    reader = Tls(**table(ours, ours.pair("reader"))["tls"])
    async with Client("localhost", broker.port, tls_context=context(reader, tmp_path)) as ear:
        await ear.subscribe("tramdo/v1/+/ev/#", qos=1)
        async with site.publishing(broker.port, **more):
            heard = aiter(ear.messages)
            topics = {str((await anext(heard)).topic) for _ in range(5)}
            await until(lambda: not site.journal.backlog, "the marks")
    assert topics == {"tramdo/v1/tn-01/ev/check/scale-1"}
