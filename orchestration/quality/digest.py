"""The stewards' digest: what of their fields got worse since the night before, in one message a team. Off until addressed.

Figures only, never a record. Addresses hold secrets, so they are told to nobody and a failed delivery says only the team.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.quality.stewardship import FieldRule
from orchestration.quality.worklist_words import FIELDS, KINDS, Language, say
from orchestration.settings import Settings

_VERDICTS = {
    "is_fresh": {"en": "stale", "fr": "périmées"},
    "is_filled": {"en": "missing", "fr": "manquantes"},
    "is_valid": {"en": "invalid", "fr": "invalides"},
    "is_unchanged": {"en": "changed though set for good", "fr": "modifiées alors qu'immuables"},
}
_TITLE: Mapping[Language, str] = {
    "en": "CRM fields of {team}: {count} got worse",
    "fr": "CRM, {team} : {count} champs en recul",
}
_LINE: Mapping[Language, str] = {
    "en": "{kind}, {field}: {now:.1%} {verdict} (was {before}), limit {limit:.0%}, open pipeline at stake {stake:,.0f}",
    "fr": "{kind}, {field} : {now:.1%} {verdict} (avant : {before}), limite {limit:.0%}, pipeline ouvert en jeu {stake:,.0f}",
}
# Less than this is noise from one night to the next.
_WORSE = 0.001


def compose_digests(marts: Path, rules: Sequence[FieldRule], language: Language) -> dict[str, tuple[str, list[str]]]:
    """Team → title and lines; a team whose fields are no worse than the night before gets none."""
    with open_duckdb(marts.resolve(), read_only=True) as connection:
        rows = connection.execute(
            """select check_name, failing_rate, allowed_rate, has_passed, coalesce(pipeline_at_stake, 0),
                lag(failing_rate) over (partition by check_name order by check_date)
            from marts.fct_check_result
            qualify check_date = max(check_date) over () order by coalesce(pipeline_at_stake, 0) desc, check_name"""
        ).fetchall()
    checks = {row[0]: row[1:] for row in rows}
    digests: dict[str, tuple[str, list[str]]] = {}
    for team in sorted({rule.steward_team for rule in rules}):
        names = {f"{rule.entity_type}_{rule.field_name}_{verdict}": (rule, verdict)
                 for rule in rules if rule.steward_team == team for verdict in _VERDICTS}  # fmt: skip
        lines = [_line(*names[name], checks[name], language) for name in checks if name in names and _is_worse(checks[name])]
        if lines:
            digests[team] = (_TITLE[language].format(team=team, count=len(lines)), lines)
    return digests


def send_digests(home: Home, settings: Settings, rules: Sequence[FieldRule]) -> dict[str, bool]:
    """Send each team that has an address its digest; team → whether it was taken."""
    if not settings.steward_alerts:
        return {}
    import apprise

    sent = {}
    for team, (title, lines) in compose_digests(home.current, rules, settings.language).items():
        if team not in settings.steward_alerts:
            continue
        messenger = apprise.Apprise()
        accepted = all([messenger.add(address) for address in settings.steward_alerts[team]])
        sent[team] = bool(messenger.notify(title=title, body="\n".join(lines))) and accepted
    return sent


def _is_worse(check: Sequence) -> bool:
    now, _, has_passed, _, before = check
    return now is not None and (not has_passed if before is None else now > before + _WORSE)


def _line(rule: FieldRule, verdict: str, check: Sequence, language: Language) -> str:
    now, limit, _, stake, before = check
    return _LINE[language].format(
        kind=say(KINDS, rule.entity_type, language), field=say(FIELDS, rule.field_name, language), now=now,
        verdict=_VERDICTS[verdict][language], before="–" if before is None else f"{before:.1%}", limit=limit or 0, stake=stake,
    )  # fmt: skip
