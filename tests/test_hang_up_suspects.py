"""Whatever ends a broker's connections is found, and nothing else is blamed."""

from hypothesis import given
from hypothesis import strategies as st

from kioskd.delivery.hang_up_suspects import STRIKES, Suspects


@given(st.sets(st.integers(0, 20), min_size=1), st.data())
def test_the_one_at_fault_is_blamed_and_no_other(messages: set[int], data: st.DataObject) -> None:
    """Sent as the kiosk sends: all at once, then one at a time, until all is answered."""
    guilty = data.draw(st.sampled_from(sorted(messages)))
    suspects = Suspects()
    assert suspects.died((), messages) in (None, guilty)
    left = data.draw(st.permutations(sorted(messages)))
    blamed = []
    while left:
        message = left[0]
        if message == guilty:
            assert suspects.careful
            if (found := suspects.died((), [message])) is None:
                left.append(left.pop(0))  # what was struck goes to the end
                continue
            blamed.append(found)
        else:
            suspects.cleared(message)
        left.pop(0)
    assert blamed == [guilty]
    assert not suspects.careful


def test_a_network_that_breaks_once_beside_each_message_blames_none() -> None:
    suspects = Suspects()
    for message in range(50):
        assert suspects.died((), [message]) is None
        suspects.cleared(message)
    assert not suspects.careful


def test_an_action_that_leaves_while_another_message_is_tried_is_not_blamed_for_it() -> None:
    suspects = Suspects()
    found = [suspects.died(["door/action"], [7]) for _ in range(STRIKES)]
    assert found[-1] == 7
    assert not suspects.struck("door/action")
