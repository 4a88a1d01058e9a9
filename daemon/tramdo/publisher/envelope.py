"""How what the station says is addressed: topics and MQTT 5 properties. No I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from paho.mqtt.properties import Properties

from tramdo.events import event_id, topic
from tramdo.journal import Row
from tramdo.mqtt import publish_properties


class Letter(NamedTuple):
    """One message, ready to be sent."""

    topic: str
    payload: bytes
    properties: Properties | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Of which station, and whether there are properties: MQTT 5."""

    station: str
    five: bool

    def topic(self, *levels: str) -> str:
        """Return a topic of this station."""
        return topic(self.station, *levels)

    def event(self, row: Row) -> Letter:
        """Return an event as recorded, with its signature, and its CloudEvents attributes."""
        properties = self._properties(
            specversion="1.0",
            id=event_id(self.station, row.epoch, row.seq),
            source=f"tramdo/{self.station}/{row.instrument}",
            type=f"tramdo.{row.kind}.v1",
            time=row.time,
        )
        return Letter(self.topic("ev", row.kind, row.instrument), row.wire, properties)

    def state(self, instrument: str, picture: Mapping[str, Any], expiry: int) -> Letter:
        """Return the picture of an instrument; it fades after `expiry` seconds (MQTT 5)."""
        payload = json.dumps(picture, ensure_ascii=False).encode()
        return Letter(self.topic("state", instrument), payload, self._properties(expiry))

    def status(self, body: Mapping[str, Any]) -> Letter:
        """Return the birth, or the word that the station is gone."""
        payload = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
        return Letter(self.topic("status"), payload, self._properties())

    def head(self, payload: bytes) -> Letter:
        """Return the newest chain value as the journal has signed it."""
        return Letter(self.topic("head"), payload, self._properties())

    def _properties(self, expiry: int | None = None, **attributes: str) -> Properties | None:
        return publish_properties(attributes, expiry) if self.five else None
