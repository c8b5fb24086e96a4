"""Which columns of a feed hold what about a person: told by their names and by the profile's canonical mapping."""

import re
from dataclasses import dataclass

from orchestration.landing.profiles import Feed

_EMAIL = re.compile(
    r"^(e?mail|e_?mail_?address\d*|emailaddress\d*|property_email(_\d+)?|(customer|contact|lead)_email|username)$"
)
_PHONE = re.compile(r"phone|mobile|landline|^sms$|whatsapp|(^|_)fax($|_)")
_FIRST = re.compile(r"^(property_)?(first_?name|prenom|given_name)$")
_LAST = re.compile(r"^(property_)?(last_?name|nom|nom_de_famille|family_name|surname)$")
_FULL = re.compile(r"^(full_?name|person_name|contact_?(name|person)?|customer_contact|name|recipient)$")
_OTHER = re.compile(
    r"^(property_)?(job_?title|title|address\d*(_.*)?|street.*|city|zip.*|postal.*|billing_city|latitude|longitude|"
    r"birth.*|linkedin.*|interests|user_agent|(optin|confirm)_ip|ip_address)$"
)
_FREE = re.compile(
    r"body|description|^notes?$|^comments?$|content$|preview$|email_text$|info_text|submit_text|^(old|new)?_?value$"
)
_REFERENCE = re.compile(r"^(?:converted_|originating|merged_)?(contact|lead|person|who|customer|prospect|recipient)_?ids?$")
_SEARCHED_TYPES = ("text",)


@dataclass(frozen=True)
class PersonColumns:
    """A feed's columns by what they say of a person. `references`: column → the kind of record it names."""

    searched: list[str]
    email: list[str]
    phone: list[str]
    names: list[tuple[str, ...]]
    personal: list[str]
    free: list[str]
    key: list[str]
    references: dict[str, str]


def person_columns(feed: Feed, present: list[str]) -> PersonColumns:
    """Of the columns that a file of the feed has."""
    canonical = feed.canonical.columns if feed.canonical and feed.canonical.entity in ("lead", "subscription_month") else {}
    email = [name for name in present if _EMAIL.match(name) or name == canonical.get("email")]
    phone = [name for name in present if _PHONE.search(name) or name == canonical.get("phone")]
    first = [name for name in present if _FIRST.match(name)]
    last = [name for name in present if _LAST.match(name)] if first else []
    full = [name for name in present if _FULL.match(name)] if email else []
    other = [name for name in present if _OTHER.match(name) or name == canonical.get("job_title")]
    references = {name: match.group(1) for name in present if (match := _REFERENCE.match(name))}
    if email and len(feed.key) == 1 and feed.key[0] in present and feed.key[0] not in email:
        references.setdefault(feed.key[0], _noun(feed))
    is_text = {name for name in present if name not in feed.columns or feed.columns[name].type in _SEARCHED_TYPES}
    return PersonColumns(
        searched=[name for name in present if name in is_text], email=email, phone=phone,
        names=[*([(first[0], last[0])] if first and last else []), *((name,) for name in full)],
        personal=list(dict.fromkeys([*email, *phone, *first, *last, *full, *other])),
        free=[name for name in present if name in is_text and _FREE.search(name)],
        key=[name for name in feed.key if name in present], references=references,
    )  # fmt: skip


def _noun(feed: Feed) -> str:
    """lead, contact, person: what a reference to this feed's key calls it."""
    found = re.match(r"(lead|contact|person|customer|prospect)", feed.entity)
    return found.group(1) if found else feed.entity
