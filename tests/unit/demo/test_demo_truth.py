"""truth.json against the files: everything is counted again from the last state of the exports."""

import math

import pyarrow as pa
import pytest

from orchestration.demo import plan

UTC_END = "2026-09-30 22:00:00"  # 2026-10-01 00:00 in Paris
STAMP = "strptime({}, '%Y-%m-%dT%H:%M:%S.000Z')"
LIMITS = {"email": 90, "phone": 180, "title": 180, "industry": 365, "company": 365}
CONVERTED = "\"IsConverted\" = 'true'"


@pytest.fixture(scope="module")
def people(exports):
    """One row per true person: the stage times that the files tell, channel from the first contact record."""
    identity = exports.truth["identity"]
    persons = [(record, group[0]) for group in identity["people"] for record in group]
    persons += [*identity["deleted_leads"].items()]
    exports.connection.execute("create temp table person_of (record varchar, person varchar)")
    table = pa.table({"record": [record for record, _ in persons], "person": [person for _, person in persons]})
    exports.connection.register("truth_of_people", table)
    exports.connection.execute("insert into person_of select * from truth_of_people")
    exports.connection.execute(
        """
        create temp table people as
        with contacts as (
            select
                coalesce(person, 'hubspot:' || "ID d'enregistrement") as person,
                arg_min(lower(trim("E-mail")), "ID d'enregistrement"::bigint) as email,
                arg_min("Source d'origine", "ID d'enregistrement"::bigint) as channel,
                count(*) as n_records,
                min(strptime("Date de création", '%d/%m/%Y %H:%M')) as inquiry_at,
                min(strptime("Date de passage en lead qualifié marketing", '%d/%m/%Y %H:%M')) as mql_at
            from contact left join person_of on record = 'hubspot:' || "ID d'enregistrement" group by 1
        ),
        statuses as (
            select "LeadId", min("CreatedDate") filter ("NewValue" = 'Accepted') as sal_at,
                min("CreatedDate") filter ("NewValue" = 'Qualified') as sql_at
            from LeadHistory where "Field" = 'Status' group by 1
        ),
        wins as (
            select "OpportunityId", min("CreatedDate") as won_at
            from OpportunityHistory where "StageName" = 'Closed Won' group by 1
        )
        select
            contacts.*, Lead."Id" as lead_id, Lead."OwnerId" as owner_id, Lead."CreatedDate" as synced_at,
            sal_at, sql_at, Opportunity."CreatedDate" as sqo_at, won_at, Lead."Status" as status
        from contacts
        left join (select person_of.person, Lead.* from Lead join person_of on record = 'salesforce:' || "Id") as Lead
            on Lead.person = contacts.person
        left join statuses on statuses."LeadId" = Lead."Id"
        left join Opportunity on Opportunity."Id" = Lead."ConvertedOpportunityId"
        left join wins on wins."OpportunityId" = Opportunity."Id"
        """
    )
    return exports


def test_the_files_hold_as_many_of_each_stage_as_the_truth_says(people):
    counted = people.rows(
        """select channel, count(inquiry_at), count(mql_at), count(sal_at), count(sql_at), count(sqo_at), count(won_at)
        from people group by channel"""
    )
    stages = ("inquiries", "mql", "sal", "sql", "sqo", "won")
    assert {channel: dict(zip(stages, counts, strict=True)) for channel, *counts in counted} == {
        channel: described["realised"] for channel, described in people.truth["channels"].items()
    }
    totals = people.one(
        "select count(*), count(mql_at), count(sal_at), count(sql_at), count(sqo_at), count(won_at) from people"
    )
    assert dict(zip(stages, totals, strict=True)) == people.truth["realised"]


def test_every_lead_passes_its_stages_in_strict_order(people):
    out_of_order = people.one(
        """
        select count(*) from people where
            mql_at <= inquiry_at
            or timezone('UTC', timezone('Europe/Paris', mql_at)) >= strptime(synced_at, '%Y-%m-%dT%H:%M:%S.000Z')
            or sal_at <= synced_at or sql_at <= sal_at or sqo_at <= sql_at or won_at <= sqo_at
        """
    )
    skipped = people.one(
        """select count(*) from people where (sal_at is not null and mql_at is null)
            or (sql_at is not null and sal_at is null) or (sqo_at is not null and sql_at is null)"""
    )
    assert (out_of_order, skipped) == ((0,), (0,))
    repeated = people.one(
        """select count(*) from (select "OpportunityId", "CreatedDate" from OpportunityHistory
            group by all having count(*) > 1)"""
    )
    assert repeated == (0,)


def test_mature_leads_convert_as_planted(people):
    counted = people.rows(
        f"""
        select channel, count(*), count(*) filter (
            {STAMP.format("won_at")} < timezone('UTC', timezone('Europe/Paris', mql_at)) + interval 360 days)
        from people
        where timezone('UTC', timezone('Europe/Paris', mql_at)) < timestamp '{UTC_END}' - interval 365 days
        group by channel
        """
    )
    assert len(counted) == 9
    for channel, n_mql, n_won in counted:
        described = people.truth["channels"][channel]
        assert described["mature"] == {"mql": n_mql, "won_within_365_days": n_won}
        planted = described["p_mql_to_won"]
        assert 0.03 <= planted <= 0.15
        # 99 % for all nine channels together.
        assert abs(n_won - n_mql * planted) <= 3.3 * math.sqrt(n_mql * planted * (1 - planted)) + 0.5


def test_no_win_comes_later_than_360_days_after_mql(people):
    longest = people.one(
        f"select max({STAMP.format('won_at')} - timezone('UTC', timezone('Europe/Paris', mql_at))) from people"
    )[0]
    assert longest.days < 360


def test_staleness_recomputed_from_the_files_is_the_truth(exports):
    for name, limit in LIMITS.items():
        counted = exports.one(
            f"""
            with changes as (
                select "LeadId", max({STAMP.format('LeadHistory."CreatedDate"')}) as changed_at
                from LeadHistory join sf_user on sf_user."Id" = "CreatedById"
                where "UserType" = 'Standard' and lower("Field") = '{name}'
                group by 1
            ),
            calls as (
                select "WhoId", max({STAMP.format('"CreatedDate"')}) as called_at
                from Task where "TaskSubtype" = 'Call' and "CallDisposition" = 'Connected' group by 1
            ),
            judged as (
                select
                    nullif("{name.capitalize()}", '') is not null as is_filled,
                    case '{name}'
                        when 'email' then coalesce("EmailBouncedDate", '') <> ''
                            or regexp_matches("Email", '^(contact|info|commercial)@')
                        when 'phone' then length(regexp_replace(coalesce("Phone", ''), '[^0-9]', '', 'g')) between 1 and 8
                        else false
                    end as is_invalid,
                    timestamp '{UTC_END}' - greatest(
                        coalesce(changed_at, {STAMP.format('"CreatedDate"')}), case when '{name}' = 'phone' then called_at end
                    ) as age
                from Lead left join changes on "LeadId" = "Id" left join calls on "WhoId" = "Id"
                where "IsDeleted" = 'false'
            )
            select
                count(*) filter (is_filled and not is_invalid and age <= interval {limit} days),
                count(*) filter (is_filled and not is_invalid and age > interval {limit} days),
                count(*) filter (not is_filled),
                count(*) filter (is_filled and is_invalid),
                count(*) filter (age between interval {limit - 1} days and interval {limit + 1} days and is_filled
                    and '{name}' <> 'phone')
            from judged
            """
        )
        truth = exports.truth["staleness"][name]
        assert counted[:4] == (truth["n_fresh"], truth["n_stale"], truth["n_missing"], truth["n_invalid"])
        assert truth["stale_share"] == pytest.approx(counted[1] / (counted[0] + counted[1]))
        assert truth["n_stale"] > 100
        assert counted[4] == 0, "no verdict may depend on a time zone"


def test_automatic_changes_and_touches_would_hide_stale_values(exports):
    """The noise is there: whoever counts every change, or LastModifiedDate, finds fewer stale values."""
    every_change, last_modified = exports.one(
        f"""
        with changes as (
            select "LeadId", max({STAMP.format('"CreatedDate"')}) as changed_at
            from LeadHistory where "Field" = 'Email' group by 1
        )
        select
            count(*) filter (timestamp '{UTC_END}' - coalesce(changed_at, {STAMP.format('"CreatedDate"')})
                > interval 90 days),
            count(*) filter (timestamp '{UTC_END}' - {STAMP.format('"LastModifiedDate"')} > interval 90 days)
        from Lead left join changes on "LeadId" = "Id" where "IsDeleted" = 'false'
        """
    )
    assert last_modified < every_change < exports.truth["staleness"]["email"]["n_stale"]


def test_the_history_of_a_field_leads_to_its_current_value(exports):
    for column in ("Status", "Email", "Phone", "Title", "Industry", "Company"):
        broken = exports.one(
            f"""
            with steps as (
                select
                    "LeadId", "OldValue", "NewValue",
                    lag("NewValue") over (partition by "LeadId" order by "CreatedDate", "Id") as before,
                    lead("NewValue") over (partition by "LeadId" order by "CreatedDate", "Id") as after
                from LeadHistory where "Field" = '{column}'
            )
            select count(*) filter (before <> "OldValue"), count(*) filter (after is null and "NewValue" <> "{column}"),
                count(*) filter ("OldValue" = "NewValue")
            from steps join Lead on Lead."Id" = "LeadId"
            """
        )
        assert broken == (0, 0, 0), column


def test_people_are_as_many_as_the_truth_says_and_duplicates_have_their_planted_shares(people):
    assert people.one("select count(*) from people") == (people.truth["distinct_people"],)
    truth, identity = people.truth["duplicates"], people.truth["identity"]
    assert truth["count"] == len(truth["pairs"]) == sum(len(pairs) for pairs in identity["duplicates"].values())
    assert 0.05 < truth["count"] / people.truth["leads"] < 0.08
    for kind, share in plan.DUPLICATE_KINDS.items():
        records = 2 if kind == "merged_twice" else 1  # a chain of merges has two
        assert len(identity["duplicates"][kind]) == round(share * people.truth["leads"]) * records, kind


def test_only_records_of_one_person_share_an_address_but_for_shared_mailboxes(people):
    identity = people.truth["identity"]
    found = people.rows(
        """
        select list('hubspot:' || "ID d'enregistrement" order by "ID d'enregistrement"::bigint)
        from contact group by lower(trim("E-mail")) having count(*) > 1
        """
    )
    planted = [*identity["duplicates"]["same_address"], *identity["shared_mailboxes"]]
    assert {tuple(group) for (group,) in found} <= set(map(tuple, planted))
    assert len(found) >= len(identity["duplicates"]["same_address"]) > 100
    spelt_alike = people.one(
        """select count(*) from (select 1 from contact group by "E-mail" having count(*) > 1 and count(distinct "Nom") = 1)"""
    )
    assert spelt_alike == (0,)


def test_merged_contacts_are_gone_and_listed_by_the_one_that_stays(exports):
    merged = exports.truth["identity"]["merged"]
    listed = dict(
        exports.rows(
            """
            select split_part(entry, ':', 1), "ID d'enregistrement"
            from (select "ID d'enregistrement", unnest(string_split("ID des contacts fusionnés", ';')) as entry from contact)
            """
        )
    )
    assert {f"hubspot:{gone}": f"hubspot:{stays}" for gone, stays in listed.items()} == merged
    present = {record for (record,) in exports.rows("""select "ID d'enregistrement" from contact""")}
    assert not present & set(listed)


def test_different_people_and_companies_only_look_alike(exports):
    identity = exports.truth["identity"]
    names = {f"hubspot:{record}": rest for record, *rest in exports.rows(
        """select "ID d'enregistrement", "Prénom" || ' ' || "Nom", trim(lower("E-mail")), "Numéro de téléphone" from contact"""
    )}  # fmt: skip
    same_name = [(names[one], names[other]) for one, other in identity["homonyms"]]
    assert len(same_name) > 30
    assert all(one[0] == other[0] and one[1] != other[1] for one, other in same_name)
    assert all(one[2] is None or one[2] != other[2] for one, other in same_name)
    assert all(names[one][0] != names[other][0] for one, other in identity["shared_mailboxes"])
    companies = {f"hubspot:{record}": rest for record, *rest in exports.rows(
        """select "ID d'enregistrement", "Nom de l'entreprise", "Nom de domaine de l'entreprise" from company"""
    )}  # fmt: skip
    namesakes = [(companies[one], companies[other]) for one, other in identity["namesakes"]]
    assert namesakes
    assert all(one[0] == other[0] and one[1] != other[1] for one, other in namesakes)
    lookalikes = [(companies[one][0], companies[other][0]) for one, other in identity["lookalikes"]]
    assert lookalikes
    assert all(one != other and other.startswith(one.split()[0]) for one, other in lookalikes)
    assert all(companies[child][1].endswith("." + companies[parent][1]) for parent, child in identity["subsidiaries"])


def test_every_salesforce_lead_is_found_in_hubspot_by_its_address_unless_it_has_another(people):
    other = [record.split(":")[1] for _, record in people.truth["identity"]["other_address_in_salesforce"]]
    assert len(other) > 20
    unlike = people.rows(
        """select "Id" from Lead join people on lead_id = "Id" where Lead."Email" <> people.email order by 1"""
    )
    assert [record for (record,) in unlike] == sorted(other)
    assert people.one("select count(lead_id), count(mql_at) from people where lead_id is not null") == people.one(
        "select count(*), count(*) from Lead"
    )
    assert people.one('select count(*) from contact where "E-mail" <> trim("E-mail")')[0] > 0
    assert people.one('select count(*) from contact where "E-mail" <> lower("E-mail")')[0] > 0
    assert people.one('select count(*) from Lead where "Email" <> lower(trim("Email"))') == (0,)


def test_no_address_and_no_site_lies_outside_the_reserved_domain(exports):
    for table, column in (("contact", '"E-mail"'), ("Lead", '"Email"'), ("sf_user", '"Email"'),
                          ("sf_user", '"Username"'), ("subscription", '"Customer Email"'),
                          ("company", '"Nom de domaine de l\'entreprise"'), ("Account", '"Website"')):  # fmt: skip
        outside = exports.one(
            f"""select count(*) from {table}
            where not regexp_full_match(lower(trim({column})), '[^/]*(//[^/]*)?[.]example(/.*)?')"""
        )
        assert outside == (0,), (table, column)
    history = exports.one(
        """select count(*) from LeadHistory
        where "Field" = 'Email' and not ("OldValue" like '%.example' and "NewValue" like '%.example')"""
    )
    assert history == (0,)
    share = exports.one(
        """select avg(regexp_matches(lower("E-mail"), '@(gmail|orange|free|wanadoo|laposte)[.]example')::int) from contact"""
    )[0]
    assert 0.22 < share < 0.28


def test_deals_are_mirrors_of_the_opportunities_or_native(exports):
    mirrors, native, unknown = exports.one(
        """
        select count(*) filter ("Pipeline" = 'Ventes'), count(*) filter ("Pipeline" = 'Partenaires'),
            count(*) filter (
                ("Pipeline" = 'Ventes') <> coalesce("ID de l'opportunité Salesforce" in (select "Id" from Opportunity), false)
            )
        from deal
        """
    )
    assert (mirrors, native, unknown) == (
        exports.truth["opportunities"]["count"], exports.truth["native_deals"]["count"], 0,
    )  # fmt: skip
    differing = exports.one(
        r"""
        select count(*) from deal join Opportunity on "Id" = "ID de l'opportunité Salesforce"
        where replace(regexp_replace("Montant", '[\x{00A0}\x{202F}]', '', 'g'), ',', '.') <> "Amount"
        """
    )
    assert differing == (0,)
    known = exports.one(
        """select count(*) from deal
        where "ID de l'entreprise associée" not in (select "ID d'enregistrement" from company)"""
    )
    assert known == (0,)


def test_opportunities_end_as_their_history_says(exports):
    truth = exports.truth["opportunities"]
    counted = exports.one(
        """
        select count(*), count(*) filter ("IsWon" = 'true'),
            count(*) filter ("IsClosed" = 'true' and "IsWon" = 'false'), count(*) filter ("IsClosed" = 'false'),
            sum("Amount"::decimal(18, 2)) filter ("IsWon" = 'true')
        from Opportunity
        """
    )
    assert counted[:4] == (truth["count"], truth["won"], truth["lost"], truth["open"])
    assert float(counted[4]) == truth["won_amount"]
    differing = exports.one(
        """
        with latest as (
            select "OpportunityId", arg_max("StageName", "CreatedDate") as stage,
                arg_max("Amount", "CreatedDate") as last_amount,
                arg_max("CloseDate", "CreatedDate") as close_on, max("CreatedDate") as changed_at,
                min("CreatedDate") as created_at, arg_min("StageName", "CreatedDate") as first_stage
            from OpportunityHistory group by 1
        )
        select count(*) from Opportunity left join latest on "OpportunityId" = "Id"
        where (stage, last_amount, close_on, changed_at, created_at, first_stage) is distinct from
            ("StageName", "Amount", "CloseDate", "LastModifiedDate", "CreatedDate", 'Qualification')
        """
    )
    assert differing == (0,)


def test_each_won_opportunity_is_billed_once_under_its_accounts_name(exports):
    assert exports.one("select count(*), count(*) filter (\"Status\" = 'canceled') from subscription") == (
        exports.truth["opportunities"]["won"], exports.truth["subscriptions"]["cancelled"],
    )  # fmt: skip
    nameless = exports.one(
        """select count(*) from subscription where "Customer Description" not in (select "Name" from Account)"""
    )
    assert nameless == (0,)


def test_leads_end_with_the_planted_reasons(people):
    ended = dict(
        people.rows(
            """select "NewValue", count(*) from LeadHistory
            where "NewValue" in ('Rejected', 'Disqualified', 'Recycled') group by 1"""
        )
    )
    realised: dict[str, int] = {}
    for stage in people.truth["exits"].values():
        for status, count in stage["realised"].items():
            realised[status] = realised.get(status, 0) + count
    deleted = realised.pop("deleted")
    assert {status: count for status, count in realised.items() if count} == ended
    assert people.one("select count(*) from Lead where \"IsDeleted\" = 'true'") == (deleted,)
    assert deleted == people.truth["salesforce_leads"]["deleted"] > 0


def test_first_human_tasks_come_as_fast_and_slow_as_planted(people):
    answers = people.rows(
        f"""
        with human_tasks as (
            select Task."WhoId", Task."OwnerId", Task."CreatedDate"
            from Task join sf_user on sf_user."Id" = "OwnerId"
            where "UserType" = 'Standard' and "WhoId" like '00Q%'
        ),
        first_tasks as (
            select "WhoId", arg_min("OwnerId", "CreatedDate") as user_id, min({STAMP.format('"CreatedDate"')}) as answered_at
            from human_tasks group by 1
        )
        select user_id, count(*),
            median(epoch(answered_at - timezone('UTC', timezone('Europe/Paris', mql_at))) / 60)
        from first_tasks join people on "WhoId" = lead_id group by 1
        """
    )
    truth = people.truth["first_answer"]
    planted = {rep["user_id"]: rep for rep in truth["reps"]}
    assert {user for user, *_ in answers} == set(planted)
    for user, count, minutes in answers:
        assert count == planted[user]["answered_leads"]
        assert minutes == pytest.approx(planted[user]["median_elapsed_minutes"], abs=0.01)
    medians = {user: minutes for user, _, minutes in answers}
    normal = [medians[user] for user, rep in planted.items() if rep["pace"] == "normal"]
    assert max(medians[user] for user in truth["fast_reps"]) < min(normal)
    assert min(medians[user] for user in truth["slow_reps"]) > max(normal)


def test_people_in_sales_work_in_business_hours(exports):
    outside = exports.one(
        f"""
        with acts as (
            select "CreatedById" as user_id, "CreatedDate" as acted_at from LeadHistory
            union all select "CreatedById", "CreatedDate" from OpportunityHistory
            union all select "OwnerId", "CreatedDate" from Task
        ),
        local as (
            select timezone('Europe/Paris', timezone('UTC', {STAMP.format("acted_at")})) as local_at
            from acts join sf_user on "Id" = user_id where "UserType" = 'Standard'
        )
        select count(*) from local where isodow(local_at) > 5 or hour(local_at) not between 9 and 17
        """
    )
    assert outside == (0,)


def test_spend_adds_up_to_the_truth(exports):
    quoted = str(exports.folder).replace("'", "''")
    google = exports.one(
        f"""
        select sum(cost) from (
            select Day, "Campaign ID", any_value(replace(Cost, ',', '')::decimal(18, 2)) as cost
            from read_csv('{quoted}/*/google_ads_*.csv', skip = 2, header = true, all_varchar = true, delim = ',', quote = '"')
            where Day not like 'Total%' group by all)
        """
    )[0]
    assert float(google) == exports.truth["spend"]["by_source"]["google_ads"]
    texts = [path.read_text(encoding="utf-16") for path in sorted(exports.folder.glob("*/linkedin_*.csv"))]
    cells = [line.split("\t") for text in texts for line in text.splitlines()[6:]]
    cost = {(cell[0], cell[4]): round(100 * float(cell[7])) for cell in cells}
    assert sum(cost.values()) == round(100 * exports.truth["spend"]["by_source"]["linkedin_ads"])


def test_users_are_forty_and_one_of_them_is_a_machine(exports):
    assert exports.rows('select "UserType", count(*) from sf_user group by 1 order by 1') == [
        ("AutomatedProcess", 1),
        ("Standard", 39),
    ]


def test_august_is_the_low_season(exports):
    by_month = dict(exports.rows('select substr("Date de création", 4, 7) as month, count(*) from contact group by 1'))
    assert len(by_month) == 24
    assert min(by_month, key=by_month.get)[:2] == "08"


def test_reasons_are_those_that_were_planted(exports):
    truth = exports.truth["reasons"]
    assert exports.one(
        """select count(*) from Lead
           where ("Status" in ('Rejected', 'Disqualified', 'Recycled')) <> ("Rejection_Reason__c" <> '')"""
    ) == (0,)
    [careless] = truth["picks_other"]["user_ids"]
    share = f"""select avg(("Rejection_Reason__c" = 'Other')::integer) from Lead
        where "Rejection_Reason__c" <> '' and "LeadSource" <> 'Paid Social' and "OwnerId" {{}} '{careless}'"""
    assert exports.one(share.format("="))[0] > truth["picks_other"]["share"] - 0.15
    assert exports.one(share.format("<>"))[0] == pytest.approx(truth["planted_shares"]["Other"], abs=0.03)
