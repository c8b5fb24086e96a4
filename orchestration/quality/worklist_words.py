"""The worklists' words in both languages: fields, reasons and what to do about them, for people who keep a CRM.

Whole sentences with the entry's figures in braces; which entry gets which is decided in dbt.
"""

from typing import Literal

Language = Literal["en", "fr"]
Words = dict[str, dict[Language, str]]

COLUMNS: Words = {
    "rank": {"en": "Rank", "fr": "Rang"},
    "what": {"en": "What to mend", "fr": "À corriger"},
    "why": {"en": "Why it is here", "fr": "Pourquoi"},
    "todo": {"en": "What to do", "fr": "Que faire"},
    "value": {"en": "Value today", "fr": "Valeur actuelle"},
    "pipeline": {"en": "Open pipeline at stake", "fr": "Pipeline ouvert en jeu"},
    "minutes": {"en": "Minutes it takes", "fr": "Minutes nécessaires"},
    "crm": {"en": "CRM", "fr": "CRM"},
    "kind": {"en": "Record type", "fr": "Type de fiche"},
    "record_id": {"en": "Record id", "fr": "Identifiant de la fiche"},
    "link": {"en": "Link", "fr": "Lien"},
    "verified": {"en": "Last verified", "fr": "Dernière vérification"},
}
FIELDS: Words = {
    "email": {"en": "e-mail address", "fr": "adresse e-mail"},
    "phone": {"en": "phone number", "fr": "numéro de téléphone"},
    "job_title": {"en": "job title", "fr": "intitulé du poste"},
    "company": {"en": "company name", "fr": "nom de l'entreprise"},
    "industry": {"en": "industry", "fr": "secteur d'activité"},
    "domain": {"en": "web domain", "fr": "nom de domaine"},
    "lead_source": {"en": "original source", "fr": "source d'origine"},
    "contact_data": {"en": "contact data", "fr": "coordonnées"},
}
KINDS: Words = {
    "lead": {"en": "lead", "fr": "lead"},
    "contact": {"en": "contact", "fr": "contact"},
    "company": {"en": "company", "fr": "entreprise"},
}
REASONS: Words = {
    "missing": {"en": "The field is empty.", "fr": "Le champ est vide."},
    "syntax": {
        "en": "What stands there can't be right: it is not written as it must be.",
        "fr": "La valeur ne peut pas être juste : elle n'a pas la bonne forme.",
    },
    "role_account": {
        "en": "The address belongs to a function (such as info@), not to a person.",
        "fr": "L'adresse est celle d'une fonction (info@…), pas d'une personne.",
    },
    "no_number": {"en": "What stands there is no phone number.", "fr": "La valeur n'est pas un numéro de téléphone."},
    "not_in_use": {"en": "No such phone number exists.", "fr": "Ce numéro de téléphone n'existe pas."},
    "refuted": {
        "en": "An e-mail bounced, or a call or check found it wrong, after it was last verified.",
        "fr": "Un e-mail est revenu, ou un appel ou un contrôle l'a trouvée fausse, après sa dernière vérification.",
    },
    "records_disagree": {
        "en": "Two records of the same person or company say different things, and both were verified.",
        "fr": "Deux fiches de la même personne ou entreprise se contredisent, et les deux ont été vérifiées.",
    },
    "immutable_changed": {
        "en": "This value is set once and for all, yet it was changed later.",
        "fr": "Cette valeur est fixée une fois pour toutes, or elle a été modifiée.",
    },
    "rejected_bad_data": {
        "en": "Sales sent this lead back {age} days ago because its data was wrong; nobody has corrected any since.",
        "fr": "Les ventes ont renvoyé ce lead il y a {age} jours pour données erronées ; rien n'a été corrigé depuis.",
    },
    "stale_a": {
        "en": "A person last changed it {age} days ago; it counts as right for {limit} days.",
        "fr": "Modifiée par une personne il y a {age} jours ; elle est réputée juste pendant {limit} jours.",
    },
    "stale_b": {
        "en": "It was last confirmed {age} days ago; it counts as right for {limit} days.",
        "fr": "Confirmée il y a {age} jours ; elle est réputée juste pendant {limit} jours.",
    },
    "stale_c": {
        "en": "An export last showed a new value {age} days ago; it counts as right for {limit} days.",
        "fr": "Un export a montré une nouvelle valeur il y a {age} jours ; elle est réputée juste pendant {limit} jours.",
    },
    "stale_d": {
        "en": "Nobody has verified it since the record was created {age} days ago; it counts as right for {limit} days.",
        "fr": "Personne ne l'a vérifiée depuis la création de la fiche, il y a {age} jours ; limite : {limit} jours.",
    },
}
TODO: Words = {
    "missing": {"en": "Find it out and fill it in.", "fr": "Trouver la valeur et la saisir."},
    "invalid": {"en": "Find the right value and write it over this one.", "fr": "Trouver la bonne valeur et la remplacer."},
    "stale": {
        "en": "Ask or call; write what is right today. Saving the record without a check does not count.",
        "fr": "Demander ou appeler ; saisir ce qui est juste aujourd'hui. Enregistrer la fiche sans contrôle ne compte pas.",
    },
    "conflict": {"en": "Decide which is right and write it into both.", "fr": "Décider laquelle est juste, la saisir partout."},
}
LEFT_OUT: dict[Language, str] = {
    "en": "{shown} of {all} entries are shown; the rest follows as these are mended.",
    "fr": "{shown} entrées sur {all} sont affichées ; les autres suivront au fil des corrections.",
}


def say(words: Words, key: str, language: Language) -> str:
    """The word in a language; a field that a company added is called by its own name."""
    return words[key][language] if key in words else key.replace("_", " ")


def reason(code: str, language: Language, age: int | None, limit: int | None) -> str:
    """Why an entry is there, with its own figures."""
    return say(REASONS, code, language).format(age=age, limit=limit)
