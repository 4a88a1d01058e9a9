"""Register maps: what is read together, what the site fills in, what is wrong with one."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registermaps import made

from tramdo.errors import SettingsError
from tramdo.reading import Quantity, Unit
from tramdo_drivers.modbus.pdu import Span
from tramdo_drivers.registers.model import Site
from tramdo_drivers.registers.parsing import parse_map
from tramdo_drivers.registers.reads import place, plan

# --- what is read together


@pytest.mark.parametrize(
    ("registers", "more", "spans"),
    [
        ([0, 1, 2], {}, [(0, 3)]),
        ([0, 2], {}, [(0, 1), (2, 1)]),
        ([0, 2], {"merge_hole": 1}, [(0, 3)]),
        ([9, 0, 4], {"merge_hole": 4}, [(0, 10)]),
        ([0, 1, 2, 3], {"max_registers": 2}, [(0, 2), (2, 2)]),
        ([0, 1, 1], {"workarounds": {"one_request_per_value": True}}, [(0, 1), (1, 1)]),
    ],
)
def test_reads_are_merged(
    registers: list[int], more: dict[str, Any], spans: list[tuple[int, int]]
) -> None:
    found = plan(made(*({"register": one} for one in registers), **more))
    assert [(one.address, one.size) for one in found] == spans


def test_overlapping_values_are_read_once() -> None:
    found = made({"type": "u32"}, {"register": 1}, {"type": "u64"})
    assert plan(found) == (Span(3, 0, 4),)


def test_the_base_is_taken_off_and_bits_are_read_apart() -> None:
    status = [{"coil": 3, "means": "stable"}, {"discrete_input": 0, "means": "overload"}]
    found = made({"register": 30005}, status=status, function=4, address_base=30001)
    assert plan(found) == (Span(1, 3, 1), Span(2, 0, 1), Span(4, 4, 1))


@given(
    places=st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from(["u16", "u32", "f64"])),
        min_size=1,
        max_size=12,
    ),
    hole=st.integers(0, 20),
    most=st.integers(4, 125),
)
def test_every_value_lies_whole_in_one_read(
    places: list[tuple[int, str]], hole: int, most: int
) -> None:
    found = made(
        *({"register": at, "type": kind} for at, kind in places),
        merge_hole=hole,
        max_registers=most,
    )
    spans = plan(found)
    assert all(one.size <= most for one in spans)
    for value in found.value:
        wanted = found.span(value)
        assert any(
            one.address <= wanted.address and wanted.address + wanted.size <= one.address + one.size
            for one in spans
        )


@pytest.mark.parametrize(
    ("wanted", "spans", "words"),
    [
        (Span(3, 6, 2), [Span(3, 4, 5)], slice(2, 4)),
        (Span(3, 6, 2), [Span(1, 6, 2), Span(3, 0, 3), Span(3, 6, 2)], slice(5, 7)),
        (Span(3, 1, 1), [Span(3, 0, 2), Span(3, 1, 1)], slice(2, 3)),
        (Span(3, 0, 2), [Span(3, 0, 2), Span(3, 1, 1)], slice(0, 2)),
    ],
    ids=["inside", "behind other reads", "read twice", "never from two reads"],
)
def test_where_words_stand(wanted: Span, spans: list[Span], words: slice) -> None:
    assert place(wanted, spans) == words


# --- the site's settings


def test_the_site_fills_what_is_open_and_nothing_else() -> None:
    found = made(
        {},
        {"decimals": 3, "unit": "t"},
        {"type": "f32", "register": 2},
        {"quantity": "volume", "scale": "site", "unit": "L"},
    )
    here = found.at_site(Site(decimals=1, unit=Unit.KG, scale=Decimal("0.1")))
    assert [one.decimals for one in here.value] == [1, 3, None, 1]
    assert [one.unit for one in here.value] == [Unit.KG, Unit.T, Unit.KG, Unit.L]
    assert here.value[2].resolution == Decimal("0.1")
    assert here.value[3].scale == Decimal("0.1")
    assert len(found.at_site(Site()).value) == 3


def test_the_capacity_bounds_weights_only() -> None:
    found = made({}, {"max": 50}, {"quantity": "density"}).at_site(Site(capacity=Decimal(100)))
    assert [one.max for one in found.value] == [Decimal("110.0"), 50, None]
    assert [one.min for one in found.value] == [Decimal("-110.0"), Decimal("-110.0"), None]


def test_the_word_order_of_the_site_takes_the_place_of_the_maps_only() -> None:
    found = made({"type": "u32"}, {"type": "u32", "word_order": "BADC"}).at_site(
        Site(word_order="CDAB")
    )
    assert [found.order(one) for one in found.value] == ["CDAB", "BADC"]


def test_raw_values_are_read_where_they_are_asked_for() -> None:
    found = made({}, {"register": 5, "quantity": "count", "raw": True})
    assert [one.at for one in found.at_site(Site()).value] == [0]
    assert [one.at for one in found.at_site(Site(raw=True)).value] == [0, 5]


def test_a_channel_moves_what_has_a_step() -> None:
    status = [
        {"register": 1, "bit": 0, "means": "stable", "step": 3},
        {"coil": 5, "means": "overload", "step": 1},
        {"discrete_input": 7, "means": "zero"},
    ]
    code = [{"tells": "decimals", "register": 9, "step": 10}]
    found = made({"step": 2}, {"register": 20}, status=status, code=code, channels=3)
    assert found.at_site(Site(channel=1)) == found.at_site(Site())
    here = found.at_site(Site(channel=3))
    assert [found.span(one).address for one in (*here.value, *here.status, *here.code)] == [
        *(4, 20),
        *(7, 7, 7),
        29,
    ]
    with pytest.raises(ValueError, match="channel: 4 is outside 1 to 3"):
        found.at_site(Site(channel=4))


def test_what_the_instrument_tells_is_not_for_the_site_to_fill() -> None:
    code = [
        {"tells": "decimals", "register": 1},
        {"tells": "unit", "register": 2, "codes": {"0": "kg"}},
    ]
    (value,) = made({}, code=code).at_site(Site(decimals=1, unit=Unit.T)).value
    assert (value.decimals, value.unit) == (None, None)


# --- what is wrong with a map

WRONG = """\
name = "wrong"
maker = "nobody"
models = ["none"]
kind = "scales"
source = "this test"
proof = "manual"
worde_order = "ABCD"

[[value]]
quantity = "weight"
register = 0
type = "u24"

[[value]]
quantity = "density"
type = "f32"
register = 5
decimals = 2

[[status]]
register = 1
bit = 32
means = "steady"
"""


def test_all_problems_are_told_at_once_with_their_lines() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_map(WRONG, "site/wrong.toml")
    problems = {one.key: one for one in caught.value.problems}
    assert {key: one.line for key, one in problems.items()} == {
        "kind": 4,
        "worde_order": 7,
        "value[1].type": 12,
        "value[2]": 14,
        "status[1].bit": 22,
        "status[1].means": 23,
    }
    assert {one.file for one in problems.values()} == {"site/wrong.toml"}
    assert "did you mean 'word_order'?" in problems["worde_order"].message
    assert "'u24'" in problems["value[1].type"].message
    assert "'u16'" in problems["value[1].type"].message
    assert "f32 takes resolution" in problems["value[2]"].message
    assert str(problems["kind"]).startswith("site/wrong.toml:4: kind: 'scales'")


BIT: dict[str, Any] = {"register": 1, "means": "net"}
CODE: dict[str, Any] = {"tells": "decimals", "register": 1}
UNIT: dict[str, Any] = {"tells": "unit", "register": 1, "codes": {"0": "kg"}}
STATUS: dict[str, Any] = {"tells": "status", "register": 1, "codes": {"1": "net"}}


@pytest.mark.parametrize(
    ("value", "more", "key", "message"),
    [
        ({"only_if": "net"}, {}, "value[1].only_if", "'net' is no status of this map; none"),
        ({"sign": "mark:x"}, {}, "value[1].sign", "'mark:x' is no status"),
        ({"type": "u64"}, {"max_registers": 2}, "value[1].type", "u64 needs more than"),
        ({"register": 7}, {"address_base": 40001}, "value[1].register", "outside 40001 to 105536"),
        ({"register": 65535, "type": "u32"}, {}, "value[1].register", "outside 0 to 65535"),
        ({"type": "i16", "sign": "net"}, {}, "value[1]", "has its own"),
        ({"resolution": "0.1"}, {}, "value[1]", "u16 takes decimals"),
        ({"min": 5, "max": 4}, {}, "value[1]", "min 5 is above max 4"),
        ({"scale": "ten"}, {}, "value[1].scale", "'ten': .*'site'"),
        ({}, {"status": [{"means": "stable"}]}, "status[1]", "give register and bit"),
        ({}, {"status": [{"means": "stable", "bit": 1, "coil": 1}]}, "status[1]", "or coil"),
        ({}, {"status": [BIT | {"bit": 16}]}, "status[1]", "16 is outside 0 to 15"),
        ({}, {"status": [{"coil": 1, "type": "u32", "means": "net"}]}, "status[1]", "type is for"),
        ({}, {"code": [CODE | {"bits": [9, 8]}]}, "code[1]", "9 to 8 is outside 0 to 15"),
        ({}, {"code": [CODE | {"bits": [9, 16]}]}, "code[1]", "9 to 16 is outside 0 to 15"),
        ({}, {"code": [CODE | {"codes": {"1": "ten"}}]}, "code[1]", "1 = 'ten' is no decimals"),
        ({}, {"code": [CODE | {"tells": "unit"}]}, "code[1]", "give codes"),
        ({}, {"code": [UNIT | {"codes": {"1": "stone"}}]}, "code[1]", "'stone' is no unit"),
        ({}, {"code": [UNIT | {"otherwise": "net"}]}, "code[1]", "otherwise is for"),
        ({}, {"code": [STATUS | {"codes": {"1": "steady"}}]}, "code[1]", "'steady' is no status"),
        ({}, {"code": [CODE | {"bit": 3}]}, "code[1].bit", "did you mean 'bits'"),
        ({}, {"code": [CODE | {"register": 70000}]}, "code[1].register", "outside 0 to 65535"),
        ({"only_if": "zero"}, {"code": [STATUS]}, "value[1].only_if", "'zero' is no .*; net"),
        ({"flag": "Cell 1"}, {}, "value[1].flag", "'Cell 1'"),
        ({}, {"workarounds": {"pause": 3}}, "workarounds.pause", "did you mean 'pause_ms'"),
        ({}, {"function": 6}, "function", "3 or 4"),
        ({}, {"merge_hole": -1}, "merge_hole", "greater than or equal to 0"),
    ],
)
def test_each_problem_names_its_key(
    value: dict[str, Any], more: dict[str, Any], key: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        made(value, **more)
    assert [one.key for one in caught.value.problems] == [key]


def test_text_that_is_no_toml() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_map("name = 'x'\nmaker =\n", "broken.toml")
    assert [(one.file, one.line) for one in caught.value.problems] == [("broken.toml", 2)]


def test_a_map_without_values_or_maker() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_map("name = 'x'\nvalue = []\n")
    keys = {one.key for one in caught.value.problems}
    assert {"maker", "models", "kind", "source", "proof", "value"} <= keys


def test_quantities_are_those_of_the_daemon() -> None:
    assert made({"quantity": "mass_total"}).value[0].quantity is Quantity.MASS_TOTAL


def test_a_float_with_a_resolution_of_its_own_is_not_shifted_by_the_sites_decimals() -> None:
    (value,) = made({"type": "f32", "resolution": "0.01"}).at_site(Site(decimals=2)).value
    assert (value.resolution, value.decimals) == (Decimal("0.01"), None)


def test_the_site_fills_only_what_the_display_shows() -> None:
    values: tuple[dict[str, Any], ...]
    values = ({}, {"quantity": "temperature"}, {"quantity": "count", "raw": True}, {"raw": True})
    here = made(*values).at_site(Site(decimals=2, unit=Unit.KG, raw=True))
    assert [(one.decimals, one.unit) for one in here.value] == [(2, Unit.KG), *[(None, None)] * 3]


def test_a_channel_ends_where_the_registers_do() -> None:
    far = {"register": 65530, "type": "i32", "step": 2}
    found = made(far, far | {"step": 1000, "raw": True}, channels=64)
    assert found.at_site(Site(channel=3)).value[0].at == 65534
    with pytest.raises(ValueError, match=r"channel: 4 is outside 1 to 3 \(registers end at 65535"):
        found.at_site(Site(channel=4))
    with pytest.raises(ValueError, match="channel: 2 is outside 1 to 1"):
        found.at_site(Site(channel=2, raw=True))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"raw": True}, "raw: false leaves no value of this map; allowed: true"),
        ({"scale": "site"}, "scale: none is given, so no value is left; allowed: above 0"),
    ],
)
def test_a_site_that_leaves_no_value(value: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(value).at_site(Site())
