"""The other end of the broker: which readings arrived when, and how old what they showed was."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from units import TICKS_PER_SECOND

# All events: what nobody takes is held back and tried again.
TOPICS = [("tramdo/v1/+/ev/#", 0), ("tramdo/v1/+/ack", 0)]
Reading = tuple[float, str, int, int]


class Watcher:
    """A subscriber; keeps every message with its time of arrival (s, monotonic)."""

    def __init__(self, port: int) -> None:
        self.first = threading.Event()
        self._arrived: list[tuple[float, bytes]] = []
        self._upto = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(TOPICS)
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _client: Any, _words: Any, message: Any) -> None:
        if "/ev/reading/" in message.topic:
            self._arrived.append((time.monotonic(), message.payload))
            self.first.set()
        elif message.topic.endswith("/ack") and message.payload:
            self._upto = json.loads(message.payload)["upto"]

    def begin(self) -> None:
        """Forget what has arrived."""
        self._arrived, self._upto = [], 0
        self.first.clear()

    def readings(self) -> list[Reading]:
        """Return (arrival, instrument, n, time of change in ticks) of each reading so far."""
        return [one for at, payload in list(self._arrived) for one in _readings(at, payload)]

    def waits(self) -> int:
        """Return how many events up to the last reading no central has acknowledged."""
        last: int = json.loads(self._arrived[-1][1]).get("seq", 0)
        return max(0, last - self._upto)

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()


def _readings(at: float, payload: bytes) -> Iterator[Reading]:
    message = json.loads(payload)
    found = message["body"]["readings"] if "body" in message else [message]
    for one in found:
        if "values" not in one:
            continue  # a missed answer; its number is missing then
        gross = next(value for value in one["values"] if value["basis"] == "gross")
        yield at, one["instrument"], one["n"], int(gross["value"].replace(".", ""))


def ages(readings: list[Reading], begin: float) -> list[float]:
    """Return the ms from each change after `begin` (s, monotonic) to the first that showed it."""
    shown: dict[str, int] = {}
    found = []
    for at, instrument, _, changed in readings:
        if shown.get(instrument) != changed and changed / TICKS_PER_SECOND > begin:
            found.append(1000 * at - 1000 * changed / TICKS_PER_SECOND)
        shown[instrument] = changed
    return found


def missing(readings: list[Reading]) -> int:
    """Return how many numbers are missing between each instrument's first and last reading."""
    numbers = defaultdict(set)
    for _, instrument, n, _ in readings:
        numbers[instrument].add(n)
    return sum(max(one) - min(one) + 1 - len(one) for one in numbers.values())


def percentile(found: list[float], which: int) -> float:
    """Return a percentile, 1 to 99."""
    return quantiles(found, n=100)[which - 1]
