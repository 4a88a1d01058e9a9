"""The Toledo continuous output: settings that cannot be, and a dialect heard as another."""

import pytest

from tramdo.errors import BadFrame
from tramdo_drivers.toledo_continuous import ToledoContinuous
from tramdo_simulators.memory_port import MemoryPort, at_once
from tramdo_simulators.scale import Scale
from tramdo_simulators.toledo_continuous import DIALECTS
from tramdo_simulators.toledo_continuous import ToledoContinuous as Peer


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="dialect: 'x' is not one of mettler, plain, flintec"):
        ToledoContinuous(dialect="x")
    with pytest.raises(ValueError, match="dummy_zeros: 3 is not one of 0, 1, 2"):
        ToledoContinuous(dummy_zeros=3)


@pytest.mark.parametrize("heard", DIALECTS)
@pytest.mark.parametrize("spoken", DIALECTS)
def test_a_dialect_is_not_taken_for_another(spoken: str, heard: str) -> None:
    scale = Scale()
    scale.load(12.34, -100.0)
    port = MemoryPort(Peer(scale, dialect=DIALECTS[spoken]))
    listening = ToledoContinuous(dialect=heard).listen(port)
    if spoken == heard or (spoken, heard) == ("mettler", "plain"):
        assert str(at_once(listening)[0].value) == "12.34"
        return
    with pytest.raises(BadFrame):
        at_once(listening)
