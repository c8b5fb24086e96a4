-- Which linked person records belong together, and since when that is known: the last round of finding groups.
{{ grouping_round(ref('int_person_links'), ref('int_person_groups_4')) }}
