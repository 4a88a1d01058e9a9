"""Register layouts of weighing instruments, each with its own encoder, by the name of its map.

Wire addresses count from 0. A coil stands at `COILS` plus its number. Sources stand in the maps;
what those mark as unverified is as unverified here. An instrument that cannot say overload or
fault refuses to be read then, which is our guess.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from tramdo_simulators.banks import bank, f32, u32
from tramdo_simulators.modbus import Bank
from tramdo_simulators.scale import Scale, ScaleSettings, Shown

COILS = 0x10000
CELLS = 8
_UNITS = ("kg", "g", "t", "lb")
_EMPTY_CELL = 20_000

Encoder = Callable[[Shown], tuple[int, ...]]


def flintec_ft112(scale: Scale) -> Bank:
    """Return the registers of a Flintec FT-112; raises `ValueError` for more than 4 decimals."""
    settings = scale.settings
    if (decimals := _decimals(settings)) > 4:
        raise ValueError(f"an FT-112 has no code for {decimals} decimals; allowed: 0 to 4")

    def _status(shown: Shown) -> tuple[int, int]:
        on = {2: not shown.stable, 3: shown.net, 5: True, 12: _is_zero(shown, settings)}
        return u32(_bits(on) | 1 << 31 - decimals)

    def _errors(shown: Shown) -> tuple[int, int]:
        return u32(_bits({3: shown.underload, 4: shown.overload, 5: shown.fault}))

    return _registers(
        scale,
        {
            0: (2, _weight(settings)),
            2: (2, _tare(scale)),
            4: (2, _gross(settings)),
            6: (2, _status),
            8: (2, _errors),
        },
    )


def baykon_mx08(scale: Scale) -> Bank:
    """Return the registers of a Baykon MX08, command set 1."""
    settings = scale.settings

    def _status(shown: Shown) -> tuple[int]:
        error = 2 if shown.overload else 3 if shown.underload else 1 if shown.fault else 0
        on = {1: not error, 2: not shown.stable, 3: shown.net, 12: _is_zero(shown, settings)}
        return (_bits(on) | error << 13,)

    return _registers(
        scale,
        {
            0: (2, _weight(settings)),
            2: (1, _status),
            3: (2, _tare(scale)),
            5: (2, _gross(settings)),
        },
    )


def dini_dgt(scale: Scale) -> Bank:
    """Return the input registers of a Dini Argeo DGT as one scale; the microvolts are invented."""
    settings = scale.settings

    def _status(shown: Shown) -> tuple[int]:
        on = {0: shown.value < 0, 1: shown.gross < 0, 2: shown.stable, 5: shown.net}
        out = {3: shown.underload, 4: shown.overload, 7: _is_zero(shown, settings)}
        return (_bits(on | out),)

    def _microvolts(shown: Shown) -> tuple[int, ...]:
        return (int(shown.gross / settings.capacity * 2500) & 0xFFFF,) * 4

    return _unless(
        scale,
        lambda shown: shown.fault,
        {
            0: (2, lambda shown: u32(abs(_count(shown.gross, settings)))),
            2: (2, lambda shown: u32(abs(_count(shown.value, settings)))),
            4: (1, _status),
            110: (4, _microvolts),
        },
    )


def dini_dgt4x(scale: Scale) -> Bank:
    """Return the holding registers of a DGT4X as four scales; 2 to 4 are empty and at rest."""
    settings = scale.settings

    def _status(shown: Shown) -> tuple[int]:
        on = {0: shown.gross < 0, 1: shown.stable, 2: shown.underload, 3: shown.overload}
        out = {4: _is_zero(shown, settings), 5: shown.value < 0, 6: shown.net}
        return (_bits(on | out),)

    return _unless(
        scale,
        lambda shown: shown.fault,
        {
            201: (1, _status),
            202: (2, lambda shown: u32(abs(_count(shown.gross, settings)))),
            204: (9, lambda _: (0x12, 0, 0) * 3),
            213: (2, lambda shown: u32(abs(_count(shown.value, settings)))),
            215: (6, lambda _: (0,) * 6),
        },
    )


def excell_ex2005(scale: Scale) -> Bank:
    """Return the registers and the coils of an Excell EX2005."""
    settings = scale.settings

    def _coils(shown: Shown) -> tuple[int, ...]:
        zero = _is_zero(shown, settings)
        return int(shown.stable), int(zero), int(not shown.net), int(shown.net)

    return _unless(
        scale,
        lambda shown: shown.blank,
        {
            COILS: (4, _coils),
            0: (2, _weight(settings)),
            2: (2, _gross(settings)),
            4: (2, _weight(settings)),
            6: (2, _tare(scale)),
        },
    )


def mettler_ind570(scale: Scale) -> Bank:
    """Return the floats of a Mettler-Toledo IND570; the counts are invented."""
    counts = float(scale.settings.capacity) / 500_000

    def _counts(shown: Shown) -> tuple[int, int]:
        return f32(round(float(shown.gross) / counts))

    return _unless(
        scale,
        lambda shown: shown.blank,
        {0: (2, _float), 8: (2, _float), 16: (2, _counts)},
    )


def hbk_wtx(scale: Scale) -> Bank:
    """Return the words of an HBK WTX; raises `ValueError` for a unit that has no code."""
    settings = scale.settings
    if settings.unit not in _UNITS:
        raise ValueError(f"a WTX has no code for {settings.unit}; allowed: {', '.join(_UNITS)}")
    format_ = _decimals(settings) << 4 | _UNITS.index(settings.unit) << 7

    def _status(shown: Shown) -> tuple[int]:
        limit = 1 if shown.underload else 2 if shown.overload else 0
        on = {0: shown.fault, 4: not shown.stable, 7: shown.net, 11: _is_zero(shown, settings)}
        return (_bits(on) | limit << 2,)

    return _registers(
        scale,
        {
            0: (2, _weight(settings)),
            2: (2, _gross(settings)),
            4: (1, _status),
            5: (1, lambda _: (format_,)),
        },
    )


def cas_ci600d(scale: Scale) -> Bank:
    """Return the registers of a CAS CI-600D; the converter's value is invented."""
    settings = scale.settings

    def _converter(shown: Shown) -> tuple[int, int]:
        return u32(int(shown.gross / settings.capacity * 400_000))

    return _unless(
        scale,
        lambda shown: shown.blank,
        {7: (2, _gross(settings)), 9: (2, _weight(settings)), 13: (2, _converter)},
    )


def minebea_pr5220(scale: Scale) -> Bank:
    """Return the gross weight and the state bits, as coils, of a Minebea PR 5220."""
    settings = scale.settings

    def _coils(shown: Shown) -> tuple[int, ...]:
        above, below = shown.gross > settings.capacity, shown.gross < 0
        zero = _is_zero(shown, settings)
        over = shown.overload
        return tuple(
            map(int, (shown.fault, above, over, below, zero, zero, shown.stable, above or below))
        )

    return _unless(
        scale,
        lambda shown: shown.underload,
        {COILS + 32: (8, _coils), 16: (2, _gross(settings))},
    )


def rinstrum_c500(scale: Scale) -> Bank:
    """Return the input registers of a Rinstrum C500; the error's number is invented."""
    settings = scale.settings

    def _status(shown: Shown) -> tuple[int, int]:
        on = {0: shown.underload, 1: shown.overload, 2: not shown.stable}
        return u32(_bits(on | {3: not shown.net, 6: _is_zero(shown, settings)}))

    return _registers(
        scale,
        {
            0: (2, _gross(settings)),
            2: (2, _weight(settings)),
            4: (2, _weight(settings)),
            6: (2, _status),
            8: (2, lambda shown: u32(0x4000 if shown.fault else 0)),
        },
    )


def pavone_jbx8(scale: Scale) -> Bank:
    """Return the first registers of a Pavone JBX8."""
    settings = scale.settings

    def _status(shown: Shown) -> tuple[int]:
        on = {0: _is_zero(shown, settings), 1: shown.stable, 3: shown.net}
        return (_bits(on | {4: shown.underload, 5: shown.overload, 6: shown.fault}),)

    return _registers(scale, {0: (1, _status), 1: (2, _gross(settings)), 3: (2, _weight(settings))})


def eagle_ei1000(scale: Scale) -> Bank:
    """Return the floats of an Eagle EI-1000 with its first channel in use."""
    fields: dict[int, tuple[int, Encoder]] = {
        0x1000: (2, _float),
        0x1002: (6, lambda _: (0,) * 6),
        0x1008: (2, lambda shown: f32(float(shown.value))),
        0x100A: (6, lambda _: (0,) * 6),
        0x1010: (2, lambda _: f32(float(scale.tared))),
        0x1012: (6, lambda _: (0,) * 6),
    }
    return _unless(scale, lambda shown: shown.blank, fields)


def dingsong(scale: Scale) -> Bank:
    """Return the registers of a Dingsong 4821 whose eight cells share the load evenly."""
    settings = scale.settings

    def _cells(shown: Shown) -> tuple[int, ...]:
        return u32(_EMPTY_CELL + _count(shown.gross, settings) // CELLS) * CELLS

    return _unless(
        scale,
        lambda shown: shown.blank,
        {
            202: (2, _weight(settings)),
            204: (2, lambda _: (0, 0)),
            206: (2, _gross(settings)),
            208: (2, lambda _: (0, 0)),
            210: (2, lambda shown: u32(_EMPTY_CELL * CELLS + _count(shown.gross, settings))),
            215: (1, lambda _: (_decimals(settings),)),
            768: (2 * CELLS, _cells),
        },
    )


def hx711_board(scale: Scale) -> Bank:
    """Return the first channel of a converter board: one count for each d."""
    settings = scale.settings
    return _unless(
        scale,
        lambda shown: shown.blank,
        {0: (2, lambda shown: u32(int(shown.gross / settings.interval)))},
    )


def gm8802f(scale: Scale) -> Bank:
    """Return the registers of a General Measure GM8802F-2; its second scale is off."""
    settings = scale.settings

    def _weight_or_word(shown: Shown) -> tuple[int, int]:
        word = b"\x7fOFL" if shown.overload else b"\x7fERR" if shown.fault else b""
        return u32(int.from_bytes(word, "big") if word else _count(shown.gross, settings))

    def _status(shown: Shown) -> tuple[int, int]:
        on = {0: shown.stable, 1: shown.overload, 2: _is_zero(shown, settings)}
        return u32(_bits(on | {3: shown.gross < 0, 4: shown.fault, 5: True}))

    off = u32(int.from_bytes(b"\x7fOFF", "big"))
    return _unless(
        scale,
        lambda shown: shown.underload,
        {0: (2, _weight_or_word), 2: (2, _status), 4: (4, lambda _: (*off, 0, 0))},
    )


SCALE_BANKS: dict[str, Callable[[Scale], Bank]] = {
    "baykon-mx08": baykon_mx08,
    "cas-ci600d": cas_ci600d,
    "dingsong": dingsong,
    "dini-dgt": dini_dgt,
    "dini-dgt4x": dini_dgt4x,
    "eagle-ei1000": eagle_ei1000,
    "excell-ex2005": excell_ex2005,
    "flintec-ft112": flintec_ft112,
    "gm8802f": gm8802f,
    "hbk-wtx": hbk_wtx,
    "hx711-board": hx711_board,
    "mettler-ind570": mettler_ind570,
    "minebea-pr5220": minebea_pr5220,
    "pavone-jbx8": pavone_jbx8,
    "rinstrum-c500": rinstrum_c500,
}


def _registers(scale: Scale, fields: Mapping[int, tuple[int, Encoder]]) -> Bank:
    def _told(encode: Encoder) -> Callable[[float], tuple[int, ...]]:
        return lambda at: encode(scale.indication(at))

    return bank({first: (size, _told(encode)) for first, (size, encode) in fields.items()})


def _unless(
    scale: Scale, mute: Callable[[Shown], bool], fields: Mapping[int, tuple[int, Encoder]]
) -> Bank:
    """Return registers that are not there while the instrument would have no way to say it."""
    found = _registers(scale, fields)
    return lambda address, at: None if mute(scale.indication(at)) else found(address, at)


def _weight(settings: ScaleSettings) -> Encoder:
    return lambda shown: u32(_count(shown.value, settings))


def _gross(settings: ScaleSettings) -> Encoder:
    return lambda shown: u32(_count(shown.gross, settings))


def _tare(scale: Scale) -> Encoder:
    return lambda _: u32(_count(scale.tared, scale.settings))


def _float(shown: Shown) -> tuple[int, int]:
    return f32(float(shown.gross))


def _count(value: Decimal, settings: ScaleSettings) -> int:
    """Return a weight without its point, as many decimals as d has."""
    return int(value.scaleb(_decimals(settings)))


def _decimals(settings: ScaleSettings) -> int:
    return max(0, -int(settings.interval.normalize().as_tuple().exponent))


def _is_zero(shown: Shown, settings: ScaleSettings) -> bool:
    return abs(shown.gross) <= settings.interval / 4


def _bits(on: Mapping[int, bool]) -> int:
    return sum(1 << bit for bit, is_on in on.items() if is_on)
