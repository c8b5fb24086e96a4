"""truth.json: what was planted and what came of it by the last night, counted from the draws, not from the files.

Whoever compares the warehouse with it must read the exports only.
"""

import datetime as dt

import numpy as np
import pyarrow as pa

from orchestration.demo import plan
from orchestration.demo.clock import DAY, END, FIRST_DAY, LAST_DAY, NEVER
from orchestration.demo.contact_faults import last_connected_call
from orchestration.demo.field_changes import FieldHistory, last_human_change
from orchestration.demo.identity_truth import describe_identity
from orchestration.demo.ids import salesforce_ids
from orchestration.demo.journey import EXIT_STATUSES
from orchestration.demo.routing import is_routed_late, is_touched_hollow
from orchestration.demo.tables import contact_numbers
from orchestration.demo.tasks import first_answer_minutes
from orchestration.demo.traps import NOBODY
from orchestration.demo.world import World

_STAGES = ("mql", "sal", "sql", "sqo", "won")
_TRANSITIONS = ("inquiry_to_mql", "mql_to_sal", "sal_to_sql", "sql_to_sqo", "sqo_to_won")


def describe(world: World, seed: int, nights: int) -> dict:
    """Gather the whole truth, ready for JSON."""
    sales, deals, subscriptions = world.opportunities, world.native_deals, world.subscriptions
    return {
        "company": plan.COMPANY_NAME,
        "seed": seed,
        "leads": len(world.inquiries),
        "nights": nights,
        "first_day": FIRST_DAY.isoformat(),
        "as_of": LAST_DAY.isoformat(),
        "currency": plan.CURRENCY,
        "distinct_people": len(world.inquiries),
        "salesforce_leads": {
            "all": int(world.synced.size),
            "deleted": int((world.deleted_at < END).sum()),
            "not_deleted": int((world.deleted_at >= END).sum()),
        },
        "channels": _channels(world),
        "realised": _realised(world, np.ones(len(world.inquiries), dtype=bool)),
        "exits": _exits(world),
        "duplicates": _duplicates(world),
        "identity": describe_identity(world),
        "staleness": {history.field.name: _staleness(history, world) for history in world.field_histories},
        "first_answer": _first_answers(world),
        "handoff": _handoffs(world),
        "reasons": _reasons(world),
        "seasonality": {
            "month_weights": list(plan.MONTH_WEIGHTS),
            "weekday_weights": list(plan.WEEKDAY_WEIGHTS),
            "yearly_growth": plan.YEARLY_GROWTH,
        },
        "spend": {
            "by_channel": world.campaign_days.euros_by_channel(),
            "by_source": world.campaign_days.euros_by_network(),
        },
        "accounts": int(world.accounts.company.size),
        "opportunities": {
            "count": int(sales.lead.size),
            "won": int(sales.is_won_by_end.sum()),
            "lost": int((~sales.is_won & (sales.closed_at < END)).sum()),
            "open": int((sales.closed_at >= END).sum()),
            "won_amount": int(sales.agreed_cents[sales.is_won_by_end].sum()) / 100,
        },
        "native_deals": {
            "count": int(deals.company.size),
            "won": int((deals.is_won & (deals.closed_at < END)).sum()),
            "lost": int((~deals.is_won & (deals.closed_at < END)).sum()),
            "won_amount": int(deals.cents[deals.is_won & (deals.closed_at < END)].sum()) / 100,
        },
        "subscriptions": {
            "count": int(subscriptions.opportunity.size),
            "cancelled": int((subscriptions.cancelled_at < END).sum()),
        },
    }


def _stage_times(world: World) -> dict[str, np.ndarray]:
    return {stage: getattr(world.journeys, f"{stage}_at") for stage in _STAGES}


def _realised(world: World, chosen: np.ndarray) -> dict[str, int]:
    counts = {"inquiries": int(chosen.sum())}
    return counts | {stage: int((at[chosen] < END).sum()) for stage, at in _stage_times(world).items()}


def _channels(world: World) -> dict[str, dict]:
    journeys = world.journeys
    mature = journeys.mql_at < END - 365 * DAY
    cost = world.campaign_days.euros_by_channel()
    described = {}
    for number, channel in enumerate(plan.CHANNELS):
        chosen = world.inquiries.channel == number
        described[channel.label] = {
            "channel": channel.key,
            "salesforce_source": channel.salesforce_source,
            "share_of_inquiries": channel.share,
            "stage_probabilities": dict(zip(_TRANSITIONS, channel.stage_probabilities, strict=True)),
            "p_mql_to_won": round(channel.mql_to_won, 12),
            "realised": _realised(world, chosen),
            # Old enough that every journey has ended: what p_mql_to_won can be tested on.
            "mature": {
                "mql": int((chosen & mature).sum()),
                "won_within_365_days": int((chosen & mature & (journeys.won_at < NEVER)).sum()),
            },
            "lags_in_days": {
                name: {
                    "median": round(lag.median * channel.pace, 6),
                    "sigma": lag.sigma,
                    "shortest": lag.shortest,
                    "longest": lag.longest,
                }
                for name, lag in plan.LAGS.items()
            },
            "spend": cost.get(channel.key),
        }
    return described


def _exits(world: World) -> dict[str, dict]:
    """Give the planted shares of how leads end that go no further, and how many have ended so."""
    journeys = world.journeys
    times = _stage_times(world)
    ended = journeys.exit_at < END
    described = {}
    for stage, following in (("mql", "sal"), ("sal", "sql"), ("sql", "sqo")):
        here = (times[stage] < NEVER) & (times[following] >= NEVER) & ended
        described[stage] = {
            "planted_shares": plan.EXITS[stage],
            "realised": {
                status: int((here & (journeys.exit_status == code)).sum())
                for code, status in enumerate(EXIT_STATUSES)
                if status in plan.EXITS[stage]
            },
        }
    return described


def _duplicates(world: World) -> dict:
    first_ids, second_ids = contact_numbers(world)
    pairs = np.stack([first_ids[world.duplicates.lead], second_ids], axis=1)
    return {
        "count": int(second_ids.size),
        "planted_share": plan.DUPLICATE_SHARE,
        "planted_shares": plan.DUPLICATE_KINDS,
        "pairs": pairs.astype(str).tolist(),
    }


def _staleness(history: FieldHistory, world: World) -> dict:
    """Count the verdicts on one field; a value that can't be right is invalid whatever its age."""
    created_at = world.journeys.synced_at[world.synced]
    counted = world.deleted_at >= END
    verified_at = last_human_change(history, created_at)
    if history.field.name == "phone":
        verified_at = np.maximum(verified_at, last_connected_call(world.tasks, created_at.size))
    limit = history.field.limit_days * DAY
    is_missing, is_invalid = history.is_missing, _is_invalid(history, world) & ~history.is_missing
    judged = counted & ~is_missing & ~is_invalid
    is_stale = END - verified_at > limit
    n_stale, n_judged, n_counted = int((judged & is_stale).sum()), int(judged.sum()), int(counted.sum())
    n_missing, n_invalid = int((counted & is_missing).sum()), int((counted & is_invalid).sum())
    return {
        "limit_days": history.field.limit_days,
        "planted_stale_share_of_old": history.field.stale_share,
        "planted_missing_share": history.field.missing_share,
        "n_fresh": n_judged - n_stale,
        "n_stale": n_stale,
        "n_missing": n_missing,
        "n_invalid": n_invalid,
        "stale_share": n_stale / n_judged if n_judged else None,
        "shares_of_required": {"stale": n_stale / n_counted, "missing": n_missing / n_counted, "invalid": n_invalid / n_counted}
        if n_counted
        else None,
        "stale_lead_ids": [
            lead_id
            for lead_id, is_one in zip(
                salesforce_ids("00Q", created_at.size).to_pylist(), (judged & is_stale).tolist(), strict=True
            )
            if is_one
        ],
    }


def _is_invalid(history: FieldHistory, world: World) -> np.ndarray:
    faults = world.contact_faults
    if history.field.name == "phone":
        return faults.has_bad_phone
    if history.field.name == "email":
        # A shared mailbox that was changed is called after its country, which no list of functions has.
        is_function = (world.inquiries.shared_mailbox[world.synced] != NOBODY) & (history.changed_at >= END).all(axis=1)
        return (faults.bounced_at < END) | is_function
    return np.zeros(world.synced.size, dtype=bool)


def _handoffs(world: World) -> dict[str, list[str]]:
    """Name the Salesforce leads that came late through the sync, and those that were touched for the clock alone."""
    journeys, synced = world.journeys, world.synced
    ids = salesforce_ids("00Q", synced.size)
    hollow = is_touched_hollow(synced, journeys.owner[synced], world.staff) & (journeys.first_answer_at[synced] < END)
    chosen = {"late_routing": is_routed_late(journeys.mql_at[synced]), "hollow_first_touch": hollow}
    return {what: ids.filter(pa.array(is_so)).to_pylist() for what, is_so in chosen.items()}


def _reasons(world: World) -> dict:
    """What was planted in the reasons: who picks "Other", and a channel whose form was changed."""
    staff = world.staff
    careless = [user for user, picks in zip(staff.ids.to_pylist(), staff.picks_other, strict=True) if picks]
    before, since = plan.BAD_DATA_SHARES
    return {
        "planted_shares": plan.REASON_SHARES,
        "picks_other": {"user_ids": careless, "share": plan.PICKS_OTHER_SHARE},
        "bad_data": {
            "channel": plan.BAD_DATA_CHANNEL,
            "changed_on": dt.date(*plan.FORM_CHANGED_ON).isoformat(),
            "share_before": before,
            "share_since": since,
        },
    }


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if values.size else None


def _first_answers(world: World) -> dict:
    """Describe the SDRs' planted paces, and the median minutes from MQL to the first human task."""
    owner, minutes = first_answer_minutes(world.synced, world.journeys)
    staff = world.staff
    ids = staff.ids.to_pylist()
    reps = [
        {
            "user_id": ids[number],
            "name": staff.names[number],
            "pace": staff.pace[number],
            "planted_median_minutes": plan.RESPONSE_MINUTES[staff.pace[number]],
            "answered_leads": int((owner == number).sum()),
            "median_elapsed_minutes": _median(minutes[owner == number]),
        }
        for number in staff.team("Sales Development").tolist()
    ]
    return {
        "fast_reps": [rep["user_id"] for rep in reps if rep["pace"] == "fast"],
        "slow_reps": [rep["user_id"] for rep in reps if rep["pace"] == "slow"],
        "median_elapsed_minutes": _median(minutes),
        "never_answered_share_of_lost_mql": plan.NEVER_ANSWERED_SHARE,
        "reps": reps,
    }
