"""TOML that cannot be read: what the technician did, and what to do."""

from decimal import Decimal

import pytest

from tramdo.errors import SettingsError
from tramdo.settings.text import parse


def told(text: str) -> str:
    with pytest.raises(SettingsError) as raised:
        parse("station.toml", text)
    (problem,) = raised.value.problems
    return str(problem)


def test_numbers_keep_their_digits() -> None:
    (value,) = parse("station.toml", "a = 0.010").values()
    assert (type(value), str(value)) == (Decimal, "0.010")


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a =", 1, "a"),
        ("a = 1\n\nb c", 3, "the file"),
        ("[[p]]\n[[p]]\n# a\n[p.q]\na = x\n", 5, "p.q.a"),
        ("[[p]]\n[[p]]\na.b = x\n", 3, "p[2].a.b"),
        ("[t]\na = 1\na = 2\nb = 3", 3, "t.a"),
        ('a = """\n\n[t]\n', 3, "t"),
    ],
)
def test_line_and_key(text: str, line: int, key: str) -> None:
    assert told(text).startswith(f"station.toml:{line}: {key}: ")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a = True", "no flag; allowed: true or false; did you mean true?"),
        ("a = off", "no flag; allowed: true or false; did you mean false?"),
        (
            "a = mt-sics # why",
            (
                'text without quotes; allowed: text in straight quotes, "..."; '
                'did you mean "mt-sics"?'
            ),
        ),
        (
            "a = ‘x’",
            'typographic quotes; allowed: text in straight quotes, "..."; did you mean "x"?',
        ),
        (
            'a = "x”',
            'typographic quotes; allowed: text in straight quotes, "..."; did you mean "x"?',
        ),
        (
            "a = 2027-02-29",
            "no such date; allowed: year-month-day without quotes, such as 2026-12-31",
        ),
        (
            "a = 28/02/2027",
            (
                "a date the other way; allowed: year-month-day without quotes, such as 2026-12-31; "
                "did you mean 2027-02-28?"
            ),
        ),
        ("a =", "no value; allowed: a value after the ="),
        ("[[a]", "a wrong heading; allowed: [mqtt] or [[port]], alone in its line"),
        ('a = "C:\\x"', "a backslash in text; allowed: two of them: \\\\"),
        (
            "a = .5",
            "no TOML (Invalid value); allowed: key = value, [table], [[table]] or # comment",
        ),
    ],
)
def test_each_slip_of_the_pen(line: str, expected: str) -> None:
    said = told(f"[t]\n{line}\n")
    key = "a[1]" if line.startswith("[") else "t.a"
    assert said == f"station.toml:2: {key}: {line}: {expected}"


@pytest.mark.parametrize(
    "line", ["password = hunter2", "api_key: hunter2", 'mqtt_pin = "hunter2', "Secret=hunter2 x"]
)
def test_what_may_be_a_secret_is_repeated_in_no_message(line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse("a.toml", f"[mqtt]\n{line}\n")
    assert "hunter2" not in str(caught.value)
    assert "a.toml:2" in str(caught.value)
