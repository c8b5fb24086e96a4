"""What is planted: channels, stage probabilities, lags, rep paces, decay of CRM fields, seasonality.

Numbers only, each of them repeated in truth.json. How they become rows belongs to the modules that draw.
"""

from dataclasses import dataclass

COMPANY_NAME = "Lumière Logicielle"
OWN_DOMAIN = "lumiere-logicielle.example"
CURRENCY = "EUR"


@dataclass(frozen=True)
class Lag:
    """Lognormal time between two stages in days, redrawn until it lies between `shortest` and `longest`."""

    median: float
    sigma: float
    shortest: float
    longest: float


@dataclass(frozen=True)
class Channel:
    """One source of inquiries: its names in both tools, its share, and how its leads fare."""

    label: str
    key: str
    salesforce_source: str
    share: float
    to_mql: float
    to_sal: float
    to_sql: float
    to_sqo: float
    to_won: float
    pace: float  # multiplies every median lag: above 1 is a slow channel

    @property
    def stage_probabilities(self) -> tuple[float, ...]:
        """From each stage to the next, inquiry first."""
        return (self.to_mql, self.to_sal, self.to_sql, self.to_sqo, self.to_won)

    @property
    def mql_to_won(self) -> float:
        """Also the probability within 365 days, because no journey takes longer (see the lags)."""
        return self.to_sal * self.to_sql * self.to_sqo * self.to_won


CHANNELS = (
    Channel("Recherche organique", "organic_search", "Organic Search", 0.22, 0.38, 0.72, 0.62, 0.66, 0.30, 1.00),
    Channel("Recherche payante", "paid_search", "Paid Search", 0.17, 0.34, 0.66, 0.56, 0.60, 0.26, 0.90),
    Channel("Réseaux sociaux organiques", "social", "Organic Social", 0.08, 0.25, 0.58, 0.52, 0.58, 0.24, 1.15),
    Channel("Réseaux sociaux payants", "paid_social", "Paid Social", 0.14, 0.30, 0.55, 0.48, 0.55, 0.24, 1.20),
    Channel("E-mail marketing", "email", "Email Marketing", 0.10, 0.45, 0.74, 0.60, 0.62, 0.28, 0.95),
    Channel("Références", "referral", "Referrals", 0.07, 0.55, 0.84, 0.74, 0.72, 0.33, 0.80),
    Channel("Trafic direct", "direct_traffic", "Direct Traffic", 0.11, 0.40, 0.75, 0.66, 0.66, 0.31, 0.85),
    Channel("Sources hors ligne", "offline", "Offline Sources", 0.06, 0.48, 0.80, 0.68, 0.68, 0.29, 1.10),
    Channel("Syndication de contenu", "content_syndication", "Content Syndication",
            0.05, 0.28, 0.60, 0.50, 0.52, 0.22, 1.25),
)  # fmt: skip

# A sales step waits for working hours, at most 2.75 days. The longest lags plus those waits add up to less than
# 360 days from MQL to won, and each stays inside the usual reporting window of its own step (90, 14, 45, 60 days).
LAGS = {
    "inquiry_to_mql": Lag(5.0, 1.0, 0.01, 85.0),
    "mql_to_sal": Lag(1.8, 0.7, 0.02, 10.0),
    "sal_to_sql": Lag(11.0, 0.6, 0.5, 40.0),
    "sql_to_sqo": Lag(16.0, 0.6, 0.5, 55.0),
    "sqo_to_won": Lag(95.0, 0.45, 20.0, 240.0),
    "sqo_to_lost": Lag(55.0, 0.5, 20.0, 200.0),
    "mql_to_exit": Lag(5.0, 0.7, 0.2, 45.0),
    "sal_to_exit": Lag(10.0, 0.7, 0.5, 60.0),
    "sql_to_exit": Lag(14.0, 0.7, 0.5, 60.0),
}

# How a lead that won't reach the next stage ends; `left_open` keeps its status for ever.
EXITS = {
    "mql": {"Rejected": 0.62, "Recycled": 0.27, "deleted": 0.01, "left_open": 0.10},
    "sal": {"Disqualified": 0.58, "Recycled": 0.32, "left_open": 0.10},
    "sql": {"Disqualified": 0.45, "Recycled": 0.45, "left_open": 0.10},
}
NEVER_ANSWERED_SHARE = 0.05  # of the leads that end as MQL

# Which reason a rep picks for a lead that goes back.
REASON_SHARES = {
    "Bad data": 0.08, "Not ICP": 0.24, "No need": 0.20, "No budget": 0.12, "No timing": 0.16, "Unreachable": 0.14,
    "Other": 0.06,
}  # fmt: skip
PICKS_OTHER_SHARE = 0.7  # of the leads that the careless rep sends back
# The form of one channel let wrong data in until it was changed: shares of what goes back, of MQLs before and since.
BAD_DATA_CHANNEL, FORM_CHANGED_ON, BAD_DATA_SHARES = "paid_social", (2026, 4, 6), (0.45, 0.08)

# The last stage that a lost opportunity saw before Closed Lost.
LOST_AFTER = {"Qualification": 0.3, "Proposal": 0.4, "Negotiation": 0.3}

RESPONSE_MINUTES = {"fast": 12.0, "normal": 180.0, "slow": 2880.0}  # median from the sync to the first human task
RESPONSE_SIGMA = 0.6
LONGEST_RESPONSE_DAYS = 4.0

MONTH_WEIGHTS = (1.05, 1.05, 1.15, 1.00, 0.90, 1.05, 0.80, 0.45, 1.20, 1.20, 1.10, 0.75)  # January first
WEEKDAY_WEIGHTS = (1.15, 1.20, 1.15, 1.10, 0.95, 0.35, 0.30)  # Monday first
YEARLY_GROWTH = 0.12


@dataclass(frozen=True)
class FieldDecay:
    """How one field of the Salesforce lead ages; `stale_share` is planted among leads older than the limit."""

    name: str
    salesforce_field: str
    limit_days: int
    stale_share: float
    missing_share: float


FIELDS = (
    FieldDecay("email", "Email", 90, 0.30, 0.0),  # always there: it is the link between the two tools
    FieldDecay("phone", "Phone", 180, 0.35, 0.12),
    FieldDecay("title", "Title", 180, 0.25, 0.08),
    FieldDecay("industry", "Industry", 365, 0.40, 0.15),
    FieldDecay("company", "Company", 365, 0.28, 0.0),  # Salesforce does not save a lead without it
)

BAD_PHONE_SHARE = 0.03  # of the Salesforce leads with a number that nothing else rests on: cut short
BOUNCED_SHARE = 0.02  # of the Salesforce leads: an e-mail came back after the address was last changed

FREE_MAIL_SHARE = 0.25

# Second contact records, as shares of the leads, by what they have in common with the first one.
DUPLICATE_KINDS = {
    "same_address": 0.020,  # in other letters, with a space
    "plus_tag": 0.008,
    "dots": 0.003,  # where the provider ignores them
    "typo_in_domain": 0.008,  # same name and company
    "other_address": 0.012,  # private instead of work or the other way round; same name, company and phone
    "merged": 0.006,  # nothing in common, but the vendor was told; the record is gone
    "merged_twice": 0.002,  # merged into one that was merged itself
}
DUPLICATE_SHARE = round(sum(DUPLICATE_KINDS.values()), 6)
OTHER_ADDRESS_IN_SALESFORCE_SHARE = 0.12  # of the synced leads that allow it: same name, company and phone
HOMONYM_SHARE = 0.006  # pairs of two people of one name, half of them at one company
SHARED_MAILBOX_SHARE = 0.003  # pairs of two people behind one address
UNASSOCIATED_SHARE = 0.05  # work addresses; contacts with a free address are never associated with a company

# Shares of the companies.
LOOKALIKE_SHARE = 0.02  # pairs of which one name begins like the other
NAMESAKE_SHARE = 0.006  # pairs with the same name and another web domain
SUBSIDIARY_SHARE = 0.04  # their people write from the parent's domain
NATIVE_DEAL_SHARE = 0.02
COMPANIES_PER_LEAD = 0.4
CANCELLED_SHARE = 0.12


@dataclass(frozen=True)
class Campaign:
    """One paid campaign; it spends `euros_per_inquiry` for every inquiry that the company gets."""

    network: str
    campaign_id: str
    name: str
    group: str
    kind: str
    channel: str
    euros_per_inquiry: float
    euros_per_click: float
    click_rate: float
    leads_per_click: float


CAMPAIGNS = (
    Campaign("linkedin", "318204417", "Décideurs industrie FR", "Acquisition 2024-2026", "Sponsored Content",
             "paid_social", 9.0, 7.8, 0.0060, 0.060),
    Campaign("linkedin", "318204523", "Directeurs financiers – livre blanc", "Acquisition 2024-2026",
             "Sponsored Content", "paid_social", 6.5, 8.6, 0.0052, 0.085),
    Campaign("linkedin", "321770096", "Reciblage visiteurs", "Reciblage", "Dynamic Ads",
             "paid_social", 2.5, 5.1, 0.0085, 0.040),
    Campaign("linkedin", "324915588", "Webinaires Lumière", "Événements", "Sponsored Messaging",
             "paid_social", 3.0, 6.4, 0.0310, 0.070),
    Campaign("google", "20417733901", "Marque Lumière", "", "Search", "paid_search", 2.0, 0.9, 0.1200, 0.080),
    Campaign("google", "20417733955", "Génériques logiciel de gestion", "", "Search",
             "paid_search", 12.0, 4.2, 0.0480, 0.045),
    Campaign("google", "21088450217", "Performance Max France", "", "Performance Max",
             "paid_search", 5.0, 2.1, 0.0150, 0.025),
    Campaign("google", "21590062348", "Bannières notoriété, France", "", "Display",
             "paid_display", 3.0, 0.7, 0.0040, 0.0),
)  # fmt: skip
