"""Completeness and change of records, against worked examples."""

import pytest
from answers import vector
from hypothesis import given
from hypothesis import strategies as st

from tramdo.integrity import chain, first_broken, inspect_sequence, seeded_crc32

CRC = vector("d31_seeded_crc32")
AUDIT = vector("audit_hash_chain")
RECORDS = [record.encode() for record in AUDIT["inputs"]["records"]]
LINKS = [bytes.fromhex(link) for link in AUDIT["expected"]["chain"]]


def test_d31_seeded_crc32() -> None:
    message = CRC["inputs"]["payload_ascii"].encode()
    assert seeded_crc32(message, CRC["inputs"]["seed"]) == CRC["expected"]["crc32_seeded"]
    assert seeded_crc32(message, 0) == CRC["expected"]["crc32_plain"]


def test_audit_hash_chain() -> None:
    genesis = bytes.fromhex(AUDIT["inputs"]["genesis_hex"])
    assert chain(RECORDS, genesis) == LINKS
    assert chain(RECORDS) == LINKS
    assert first_broken(RECORDS, LINKS) is None


@pytest.mark.parametrize("index", range(3))
def test_a_changed_record_is_found_where_it_stands(index: int) -> None:
    changed = [*RECORDS]
    changed[index] = changed[index].replace(b"}", b" }")
    assert first_broken(changed, LINKS) == index


@pytest.mark.parametrize(
    ("records", "links", "at"),
    [
        (RECORDS[:2], LINKS, 2),
        (RECORDS, LINKS[:1], 1),
        ([RECORDS[0], RECORDS[2]], LINKS, 1),
        ([], LINKS, 0),
        ([RECORDS[1], RECORDS[0], RECORDS[2]], LINKS, 0),
    ],
)
def test_lost_and_moved_records_are_found(
    records: list[bytes], links: list[bytes], at: int
) -> None:
    assert first_broken(records, links) == at


def test_a_chain_goes_on_from_its_last_link() -> None:
    assert chain(RECORDS[1:], LINKS[0]) == LINKS[1:]


def test_sequence_gap_detection() -> None:
    one = vector("sequence_gap_detection")
    finding = inspect_sequence(one["inputs"]["received_seq"])
    assert list(finding.missing()) == one["expected"]["missing"]
    assert list(finding.duplicates) == one["expected"]["duplicates"]
    assert finding.missing_count == len(one["expected"]["missing"])
    assert not finding.complete


def test_a_loss_at_either_end_is_seen_when_the_ends_are_known() -> None:
    assert inspect_sequence([3, 4]).complete
    finding = inspect_sequence([4, 3], first=1, last=6)
    assert finding.gaps == (range(1, 3), range(5, 7))
    assert list(inspect_sequence([], first=1, last=2).missing()) == [1, 2]
    assert inspect_sequence([]).complete
    assert inspect_sequence([1, 2, 99], first=1, last=2).complete


def test_one_broken_number_costs_no_memory() -> None:
    finding = inspect_sequence([1, 10**15])
    assert finding.gaps == (range(2, 10**15),)
    assert finding.missing_count == 10**15 - 2


@given(st.lists(st.integers(0, 60), min_size=1))
def test_every_number_is_received_or_missing(numbers: list[int]) -> None:
    finding = inspect_sequence(numbers, first=0, last=60)
    assert sorted({*numbers, *finding.missing()}) == list(range(61))
    assert not {*numbers} & {*finding.missing()}
    assert all(numbers.count(one) > 1 for one in finding.duplicates)
