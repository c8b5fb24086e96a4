select
    series.day as date_day,
    cast(date_trunc('month', series.day) as date) as month_start,
    cast(date_trunc('quarter', series.day) as date) as quarter_start,
    cast(extract(year from series.day) as integer) as calendar_year,
    {{ iso_week('series.day') }} as iso_week,
    {{ iso_weekday('series.day') }} as iso_weekday,
    {{ iso_weekday('series.day') }} <= 5 as is_weekday,
    series.day <= {{ as_of_day() }} as is_past,
    {{ as_of_day() }} as as_of
from {{ day_series("date '2015-01-01'", add_days(as_of_day(), 366)) }} as series
