"""Any Modbus instrument that has a register map: one of `maps/*.toml`, or a file of the site.

Reference: MODBUS Application Protocol V1.1b3; each map names the document it was made from.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Literal, get_args

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import Refused
from tramdo.reading import Indication, Unit
from tramdo_drivers.mapfiles import load_map
from tramdo_drivers.modbus.pdu import Span, parse_reply
from tramdo_drivers.modbus.question import Question, rtu_question, tcp_question
from tramdo_drivers.registers.decoding import Decoder, decoder
from tramdo_drivers.registers.model import RegisterMap, Site
from tramdo_drivers.registers.reads import plan, unmistakable
from tramdo_drivers.registers.tables import WordOrder


@dataclass(frozen=True, kw_only=True)
class ModbusMap:
    """An instrument read as its map says; `decimals`, `unit` and `scale` fill what it leaves open.

    `word_order` takes the place of the map's, for instruments where it can be set; `channel`
    chooses among several scales behind one unit id; `raw` reads the map's raw signals too.

    `map` is a shipped map's name or a path ending in .toml; `address` the unit id; `scale` the
    size of a count in the unit shown (litres per pulse); `capacity` in the unit of the weight:
    weights more than a tenth beyond it are refused. An instance's `about` is that of its map.
    Raises `SettingsError` or `ValueError`.
    """

    about: ClassVar[About] = About(
        protocol="Modbus RTU and TCP, by register map",
        source="MODBUS Application Protocol V1.1b3; the map's own source",
        kinds=tuple(Kind),
        proof=Proof.UNVERIFIED,
    )
    map: str = field(
        metadata={
            "relative_to_station": True,
            "description": "the name of a register map, or a path ending in .toml",
        }
    )
    address: int = field(default=1, metadata={"description": "the unit id"})
    wire: Literal["rtu", "tcp"] = field(
        default="rtu", metadata={"description": "rtu (also RTU over TCP) or tcp"}
    )
    decimals: int | None = field(
        default=None, metadata={"description": "how many decimals the display has, 0 to 9"}
    )
    unit: Unit | None = field(default=None, metadata={"description": "what the display shows"})
    scale: Decimal | None = field(
        default=None, metadata={"description": "what one count is worth, as litres per pulse"}
    )
    capacity: Decimal | None = field(
        default=None, metadata={"description": "Max, in the unit of the weight"}
    )
    word_order: WordOrder | None = field(
        default=None, metadata={"description": "ABCD, CDAB, BADC or DCBA, if not the map's"}
    )
    channel: int = field(
        default=1, metadata={"description": "which of the instrument's scales, from 1"}
    )
    raw: bool = field(
        default=False, metadata={"description": "read the map's raw signals too, for drift"}
    )
    registers: RegisterMap = field(init=False, repr=False, compare=False)
    spans: tuple[Span, ...] = field(init=False, repr=False, compare=False)
    questions: tuple[Question, ...] = field(init=False, repr=False, compare=False)
    decoder: Decoder = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)
        registers = load_map(self.map)
        here = registers.at_site(self._site())
        spans = plan(here)
        object.__setattr__(self, "registers", here)
        object.__setattr__(self, "spans", spans)
        object.__setattr__(self, "questions", tuple(map(self._question, spans)))
        object.__setattr__(self, "decoder", decoder(here, spans))
        object.__setattr__(self, "about", _about(registers))

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return what the map's registers say, read span after span."""
        words: list[int] = []
        evidence = b""
        for span, ask in zip(self.spans, self.questions, strict=True):
            pdu = await ask(port)
            # Bits come in eights.
            words += parse_reply(pdu)[: span.size]
            evidence += pdu
        return self.decoder.decode(words, evidence)

    async def resync(self, port: Port) -> None:
        """Read a number of registers that no reading asks for: an RTU reply has no other mark.

        What came late to an older question then has another byte count and is passed over.
        With Modbus TCP the transaction id does this.
        """
        if self.wire == "rtu":
            ask = self._question(unmistakable(self.spans))
            with suppress(Refused):
                parse_reply(await ask(port))

    def _site(self) -> Site:
        return Site(
            decimals=self.decimals,
            unit=self.unit,
            scale=self.scale,
            capacity=self.capacity,
            word_order=self.word_order,
            channel=self.channel,
            raw=self.raw,
        )

    def _question(self, span: Span) -> Question:
        question = rtu_question if self.wire == "rtu" else tcp_question
        return question(self.address, span, self.registers.workarounds.pause_ms / 1000)


def _check(driver: ModbusMap) -> None:
    if driver.wire not in ("rtu", "tcp"):
        raise ValueError(f"wire: {driver.wire!r} is not rtu or tcp")
    low, high = (1, 247) if driver.wire == "rtu" else (0, 255)
    if not low <= driver.address <= high:
        raise ValueError(f"address: {driver.address} is outside {low} to {high} ({driver.wire})")
    orders = get_args(WordOrder)
    if driver.word_order is not None and driver.word_order not in orders:
        raise ValueError(f"word_order: {driver.word_order!r} is not one of {', '.join(orders)}")
    if driver.decimals is not None and not 0 <= driver.decimals <= 9:
        raise ValueError(f"decimals: {driver.decimals} is outside 0 to 9")
    for key in ("scale", "capacity"):
        if (given := getattr(driver, key)) is not None and given <= 0:
            raise ValueError(f"{key}: {given} is not above 0")


def _about(registers: RegisterMap) -> About:
    return About(
        protocol=f"Modbus, map {registers.name}",
        source=registers.source,
        kinds=(registers.kind,),
        proof=registers.proof,
    )
