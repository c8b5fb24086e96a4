-- One row per metric, day and dimensions, for the marts that objectives and guardrails are counted on.
-- depends_on: {{ ref('mart_funnel_daily') }}, {{ ref('fct_campaign_spend_daily') }}, {{ ref('rpt_lead_to_revenue') }}
-- depends_on: {{ ref('fct_opportunity') }}, {{ ref('mart_win_rate') }}, {{ ref('mart_retention') }}
-- depends_on: {{ ref('mart_pipeline_slippage') }}, {{ ref('mart_crm_freshness') }}, {{ ref('mart_speed_to_lead') }}
{{ metric_values(['mart_funnel_daily', 'fct_campaign_spend_daily', 'rpt_lead_to_revenue', 'fct_opportunity', 'mart_win_rate',
    'mart_retention', 'mart_pipeline_slippage', 'mart_crm_freshness', 'mart_speed_to_lead']) }}
