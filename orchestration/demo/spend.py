"""Daily figures of the paid campaigns over the whole history.

Cost follows the season of the inquiries and the size of the company. How the networks print it belongs to
`exports_ads.py`.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.demo.clock import FIRST_DAY, day_number
from orchestration.demo.people import season_weights
from orchestration.demo.plan import CAMPAIGNS


@dataclass(frozen=True)
class CampaignDays:
    """One element per campaign and day, days outermost; money in whole cents."""

    campaign: np.ndarray
    day: np.ndarray
    cents: np.ndarray
    impressions: np.ndarray
    clicks: np.ndarray
    leads: np.ndarray

    def euros_by_channel(self) -> dict[str, float]:
        """Add up the cost of each channel."""
        cents: dict[str, int] = {}
        for number, campaign in enumerate(CAMPAIGNS):
            cents[campaign.channel] = cents.get(campaign.channel, 0) + int(self.cents[self.campaign == number].sum())
        return {channel: total / 100 for channel, total in cents.items()}

    def euros_by_network(self) -> dict[str, float]:
        """Add up the cost of each network."""
        is_linkedin = np.array([campaign.network == "linkedin" for campaign in CAMPAIGNS])[self.campaign]
        return {
            "linkedin_ads": int(self.cents[is_linkedin].sum()) / 100,
            "google_ads": int(self.cents[~is_linkedin].sum()) / 100,
        }


def draw_campaign_days(rng: np.random.Generator, inquiries: int) -> CampaignDays:
    """Spend the planted euros per inquiry over the days, with noise; weekends and August are cheap."""
    weights = season_weights()
    shape = (weights.size, len(CAMPAIGNS))
    budget = np.array([campaign.euros_per_inquiry for campaign in CAMPAIGNS]) * inquiries
    noise = np.exp(rng.normal(0, 0.18, shape))
    cents = np.rint(100 * budget * weights[:, None] * noise).astype(np.int64)
    click_price = np.array([campaign.euros_per_click for campaign in CAMPAIGNS]) * np.exp(rng.normal(0, 0.12, shape))
    clicks = np.floor(cents / 100 / click_price).astype(np.int64)
    click_rate = np.array([campaign.click_rate for campaign in CAMPAIGNS]) * np.exp(rng.normal(0, 0.1, shape))
    impressions = np.ceil(np.maximum(clicks, 1) / click_rate).astype(np.int64)
    leads = rng.binomial(clicks, np.array([campaign.leads_per_click for campaign in CAMPAIGNS]))
    day, campaign = np.indices(shape)
    return CampaignDays(
        campaign=campaign.ravel(),
        day=day_number(FIRST_DAY) + day.ravel(),
        cents=cents.ravel(),
        impressions=impressions.ravel(),
        clicks=clicks.ravel(),
        leads=leads.ravel(),
    )
