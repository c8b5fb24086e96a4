"""Raw to marts: the raw catalog that dbt's sources name, and the dbt project as Dagster assets."""
