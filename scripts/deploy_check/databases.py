"""The login users of compose, made on a real PostgreSQL with the script that compose uses, the program's own migration
run as their owner, and each user's rights tried."""

import os
import urllib.parse

from .common import run

HERE = "deploy/compose/postgres/10-hiresphere.sh"
PEOPLE = ("hs_api", "hs_live_feed", "hs_projections", "hs_scorers", "hs_notifier")
TAKE = "SELECT take_lease('probe', gen_random_uuid(), '1 second')"
APPEND = ("SELECT append('job', gen_random_uuid()::text, 0, '{probe}', '{1}', ARRAY[gen_random_uuid()], ARRAY['{}'], "
          "ARRAY['{}'], NULL, NULL, NULL)")
MAKE = "SET ROLE hiresphere_read; CREATE SCHEMA probe; DROP SCHEMA probe"
LOG, KEYS = "hiresphere", "hiresphere_keys"


def expected():
    """User, database, statement, and whether it may."""
    for user in PEOPLE:
        yield user, LOG, APPEND, True
        yield user, LOG, MAKE, True
    for user in (*PEOPLE, "hs_relay"):
        yield user, LOG, "SELECT count(*) FROM events", True
        yield user, LOG, "UPDATE events SET payload = '{}'", False
        yield user, LOG, "INSERT INTO positions VALUES (1, 1)", False
        yield user, LOG, "DELETE FROM unsequenced", False
        yield user, KEYS, "SELECT 1", False
    yield "hs_relay", LOG, TAKE, True
    yield "hs_relay", LOG, MAKE, False
    yield "hs_sequencer", LOG, TAKE, True
    yield "hs_sequencer", LOG, APPEND, False
    yield "hs_sequencer", LOG, MAKE, False
    yield "hs_sequencer", KEYS, "SELECT 1", False
    yield "hs_keys", KEYS, "SELECT count(*) FROM keys", True
    yield "hs_keys", KEYS, "DELETE FROM keys", False
    yield "hs_keys", LOG, "SELECT 1", False
    yield "hs_migrate", LOG, "UPDATE events SET payload = '{}'", False


def check(project, program):
    server = urllib.parse.urlsplit(os.environ["HIRESPHERE_TEST_POSTGRES"])

    def url(user, database):
        return f"postgres://{user}@{server.hostname}:{server.port}/{database}"

    names = ("MIGRATE", "SEQUENCER", "RELAY", "API", "LIVE_FEED", "PROJECTIONS", "SCORERS", "NOTIFIER", "KEYS")
    env = os.environ | {f"DB_PASSWORD_{n}": f"p{n}" for n in names}
    env |= {"PGHOST": server.hostname, "PGPORT": str(server.port), "PGUSER": server.username}
    # What a check before this one made; the server is this run's own.
    roles = [f"hs_{n.lower()}" for n in names] + [f"hiresphere_{g}" for g in ("app", "sequencer", "read", "keys")]
    for statement in (f"DROP DATABASE IF EXISTS {LOG}", f"DROP DATABASE IF EXISTS {KEYS}", f"DROP ROLE IF EXISTS {', '.join(roles)}"):
        run("psql", "-Xqc", statement, url(server.username, "postgres"))
    code, said = run("sh", project.path(HERE), env=env)
    if not project.want(code == 0, HERE, said):
        return
    code, said = run("psql", "-XAtc", "SELECT count(*) FROM pg_authid WHERE rolname LIKE 'hs\\_%' AND rolcanlogin AND NOT rolsuper "
                     "AND NOT rolcreaterole AND NOT rolbypassrls AND rolpassword IS NOT NULL", url(server.username, "postgres"))
    project.want(said == str(len(names)), HERE, f"{said} login users with a password and no special rights, not {len(names)}")
    owner = {"HIRESPHERE_DATABASE_URL": url("hs_migrate", LOG), "HIRESPHERE_KEYS_URL": url("hs_migrate", KEYS)}
    for time in ("first", "second"):
        code, said = run(program.path, "migrate", env=os.environ | owner)
        if not project.want(code == 0, "hiresphere migrate", f"the {time} time: {said}"):
            return
    for user, database, statement, may in expected():
        schema = {LOG: "hiresphere", KEYS: "hiresphere_keys"}[database]
        code, said = run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url(user, database), "-c", f"BEGIN; {statement}; ROLLBACK",
                         env=os.environ | {"PGOPTIONS": f"-c search_path={schema}"})
        project.want((code == 0) == may, HERE, f"{user} {'may not' if may else 'may'} in {database}: {statement}: {said}")
