-- Which linked account records belong together: the last round of finding groups.
{{ grouping_round(ref('int_account_links'), ref('int_account_groups_2')) }}
