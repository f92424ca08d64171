"""Simulated doors of a fleet, as those who measure rules on them draw them."""

from kioskd.fleet.simulator.story import DoorStory, Fault

# When the weeks begin that are drawn: Mondays in five seasons of 2026.
BEGINS = (1_767_571_200.0, 1_774_224_000.0, 1_783_296_000.0, 1_791_763_200.0, 1_796_601_600.0)


def site_of(number: int) -> str:
    """A hundred doors, numbered from 1, stand at one."""
    return f"site-{(number - 1) // 100 + 1}"


def story_of(seed: int, number: int, fault: Fault | None = None) -> DoorStory:
    site = site_of(number)
    return DoorStory(seed, f"{site}/door-{number}", site, fault)
