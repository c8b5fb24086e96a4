"""The Salesforce users: people by team with their planted pace, and the integration user.

Who does what when belongs to the journeys and tasks; here stands only who there is.
"""

import calendar
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.demo import vocabulary
from orchestration.demo.clock import FIRST_DAY, midnight
from orchestration.demo.ids import salesforce_ids
from orchestration.demo.plan import OWN_DOMAIN

# (department, role, head count); the order gives the users' numbers.
_TEAMS = (
    ("Marketing", "Marketing Manager", 7),
    ("Sales Development", "Sales Development Representative", 14),
    ("Sales", "Account Executive", 11),
    ("Customer Success", "Customer Success Manager", 7),
)
_FAST_SDR, _SLOW_SDR = (2, 9), (4, 7, 12)
_HOLLOW_SDR = (5, 10)
_CARELESS_SDR = (8,)
_LEFT_THE_COMPANY = (3,)  # positions among all users: inactive, still named in old records
_FOUNDED = calendar.timegm((2023, 3, 6, 8, 0, 0))
_LATEST_HIRE = calendar.timegm((2026, 9, 15, 7, 30, 0))


@dataclass(frozen=True)
class Staff:
    """Users by number; the rest is planted for SDRs only: how they answer a new lead, which reason they pick."""

    ids: pa.Array
    names: list[str]
    departments: list[str]
    roles: list[str]
    pace: list[str]
    touches_hollow: list[bool]
    picks_other: list[bool]
    is_active: list[bool]
    created_at: np.ndarray

    def team(self, department: str) -> np.ndarray:
        """Find the numbers of a department's users."""
        return np.flatnonzero(np.array(self.departments) == department)

    @property
    def integration_user(self) -> int:
        """The number of the user under whose name syncs and flows write."""
        return len(self.names) - 1

    @property
    def people(self) -> np.ndarray:
        """The numbers of the human users who worked through the whole history."""
        return np.flatnonzero(np.array(self.is_active[:-1]) & (self.created_at[:-1] < midnight(FIRST_DAY)))

    def table(self) -> pa.Table:
        """Tabulate the users as Salesforce exports them."""
        logins = [".".join(map(vocabulary.plain_letters, name.split(" ", 1))) for name in self.names]
        return pa.table(
            {
                "user_id": self.ids,
                "username": [f"{login}@{OWN_DOMAIN}" for login in logins],
                "name": self.names,
                "department": self.departments,
                "role": self.roles,
                "is_active": self.is_active,
                "user_type": ["Standard"] * (len(self.names) - 1) + ["AutomatedProcess"],
                "created_at": self.created_at,
            }
        )


def hire_staff() -> Staff:
    """Hire the same forty users for every seed: planted reps keep their ids."""
    departments = [team for team, _, size in _TEAMS for _ in range(size)]
    roles = [role for _, role, size in _TEAMS for _ in range(size)]
    count = len(departments)
    first_sdr = departments.index("Sales Development")
    pace = ["normal"] * (count + 1)
    for position in _FAST_SDR:
        pace[first_sdr + position] = "fast"
    for position in _SLOW_SDR:
        pace[first_sdr + position] = "slow"
    names = [
        f"{vocabulary.FIRST_NAMES[number * 7 % len(vocabulary.FIRST_NAMES)]} "
        f"{vocabulary.LAST_NAMES[number * 11 % len(vocabulary.LAST_NAMES)]}"
        for number in range(count)
    ]
    created_at = _FOUNDED + 86_400 * 9 * np.arange(count + 1, dtype=np.int64)
    created_at[count - 1], created_at[count] = _LATEST_HIRE, _FOUNDED + 86_400 * 9 * count
    return Staff(
        ids=salesforce_ids("005", count + 1),
        names=[*names, "Synchronisation HubSpot"],
        departments=[*departments, "Systems"],
        roles=[*roles, "Integration"],
        pace=pace,
        touches_hollow=[number - first_sdr in _HOLLOW_SDR for number in range(count + 1)],
        picks_other=[number - first_sdr in _CARELESS_SDR for number in range(count + 1)],
        is_active=[number not in _LEFT_THE_COMPANY for number in range(count + 1)],
        created_at=created_at,
    )
