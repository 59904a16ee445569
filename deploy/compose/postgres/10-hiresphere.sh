#!/bin/sh
# Runs once, when the database server is new: two databases and a login user for every role that talks to them, each
# with the rights of what it does and no more. The groups are those that the migrations grant rights to; made here
# already, so that users can join them and so that the owner need not be able to make roles.
#
# The same for a server of your own: the variables of .env set, and PGHOST, PGUSER, PGPASSWORD of an administrator.
set -eu

psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --dbname "${POSTGRES_DB:-postgres}" ${POSTGRES_USER:+--username "$POSTGRES_USER"} \
    -v migrate="$DB_PASSWORD_MIGRATE" -v sequencer="$DB_PASSWORD_SEQUENCER" -v relay="$DB_PASSWORD_RELAY" \
    -v api="$DB_PASSWORD_API" -v live_feed="$DB_PASSWORD_LIVE_FEED" -v projections="$DB_PASSWORD_PROJECTIONS" \
    -v scorers="$DB_PASSWORD_SCORERS" -v notifier="$DB_PASSWORD_NOTIFIER" -v keys="$DB_PASSWORD_KEYS" <<'SQL'
CREATE ROLE hiresphere_app NOLOGIN;
CREATE ROLE hiresphere_sequencer NOLOGIN;
CREATE ROLE hiresphere_read NOLOGIN;
CREATE ROLE hiresphere_keys NOLOGIN;

-- Owns tables and changes them; nothing that stays up logs in as this one.
CREATE USER hs_migrate     PASSWORD :'migrate';
CREATE USER hs_sequencer   PASSWORD :'sequencer'   IN ROLE hiresphere_sequencer;
CREATE USER hs_relay       PASSWORD :'relay'       IN ROLE hiresphere_app;
CREATE USER hs_api         PASSWORD :'api'         IN ROLE hiresphere_app, hiresphere_read;
CREATE USER hs_live_feed   PASSWORD :'live_feed'   IN ROLE hiresphere_app, hiresphere_read;
CREATE USER hs_projections PASSWORD :'projections' IN ROLE hiresphere_app, hiresphere_read;
CREATE USER hs_scorers     PASSWORD :'scorers'     IN ROLE hiresphere_app, hiresphere_read;
CREATE USER hs_notifier    PASSWORD :'notifier'    IN ROLE hiresphere_app, hiresphere_read;
-- People's keys have a user of their own, who cannot even connect to the log.
CREATE USER hs_keys        PASSWORD :'keys'        IN ROLE hiresphere_keys;

CREATE DATABASE hiresphere OWNER hs_migrate;
CREATE DATABASE hiresphere_keys OWNER hs_migrate;

-- By default anybody may connect anywhere.
REVOKE ALL ON DATABASE hiresphere, hiresphere_keys FROM PUBLIC;
GRANT CONNECT ON DATABASE hiresphere TO hiresphere_app, hiresphere_sequencer, hiresphere_read;
GRANT CONNECT ON DATABASE hiresphere_keys TO hiresphere_keys;
-- The read models' schemas are made, and swapped by a rebuild, by those who fold them.
GRANT CREATE ON DATABASE hiresphere TO hiresphere_read;
SQL
