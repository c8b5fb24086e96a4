-- Run once as the database's owner or a superuser, in the database that serves the marts:
--   psql -v ON_ERROR_STOP=1 -d tandem -f roles.sql
-- Then: alter role tandem_publisher password '…'; alter role bi_tool password '…';   (psql's \password keeps them out of logs)
-- `tandem_publisher` is what TANDEM_POSTGRES_DSN connects as; each BI tool gets a login role of its own in `analyst`.
create role analyst nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
create role tandem_publisher login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 4;
create role bi_tool login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 20 in role analyst;

-- Belt and braces: grants alone keep a reader from writing; this also keeps a tool from trying.
alter role bi_tool set default_transaction_read_only = on;
alter role bi_tool set statement_timeout = '5min';
alter role bi_tool set idle_in_transaction_session_timeout = '1min';
alter role bi_tool set search_path = marts;

do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to analyst', current_database());
    execute format('grant connect, create on database %I to tandem_publisher', current_database());
end
$$;
revoke all on schema public from public;
alter default privileges for role tandem_publisher revoke execute on functions from public;
-- Publishing grants usage and select on the new schema itself, in the transaction that swaps it in.
