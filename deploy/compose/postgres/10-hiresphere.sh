#!/bin/sh
# Runs once, when the database server is new: two databases and a login user for every role that talks to them, each
# with the rights of what it does and no more. The groups are those that the migrations grant rights to; made here
# already, so that users can join them and so that the owner need not be able to make roles.
#
# Executable, or the image would run it within its own script. For a server of your own it does the same: with the
# variables of .env, and PGHOST, PGUSER, PGPASSWORD of an administrator.
set -eu

for name in MIGRATE SEQUENCER RELAY API LIVE_FEED PROJECTIONS SCORERS NOTIFIER KEYS; do
    eval ": \"\${DB_PASSWORD_$name:?}\""
done

# Passwords are taken from the environment by psql itself: a command line could be seen by others.
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --dbname "${POSTGRES_DB:-postgres}" ${POSTGRES_USER:+--username "$POSTGRES_USER"} <<'SQL'
\getenv migrate DB_PASSWORD_MIGRATE
\getenv sequencer DB_PASSWORD_SEQUENCER
\getenv relay DB_PASSWORD_RELAY
\getenv api DB_PASSWORD_API
\getenv live_feed DB_PASSWORD_LIVE_FEED
\getenv projections DB_PASSWORD_PROJECTIONS
\getenv scorers DB_PASSWORD_SCORERS
\getenv notifier DB_PASSWORD_NOTIFIER
\getenv keys DB_PASSWORD_KEYS

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
