-- Round 4 of finding groups of linked person records: see grouping_round.
{{ grouping_round(ref('int_person_links'), ref('int_person_groups_3')) }}
