-- Round 2 of finding groups of linked account records: see grouping_round.
{{ grouping_round(ref('int_account_links'), ref('int_account_groups_1')) }}
