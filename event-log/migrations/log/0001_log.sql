-- The log: events, their order, and what is written with them. Run with search_path at the schema `hiresphere`.

-- Roles are the whole server's, and another database may make them at this very moment.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['hiresphere_app', 'hiresphere_sequencer', 'hiresphere_read'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
END $$;

-- Which log this is: what is on a bus is told apart by it.
CREATE TABLE identity (
    one bool PRIMARY KEY DEFAULT true CHECK (one),
    log uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO identity DEFAULT VALUES;

-- The columns of postgres-es, named as it names them, and ours behind them with defaults.
CREATE TABLE events (
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    sequence       bigint      NOT NULL CHECK (sequence > 0),
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    payload        json        NOT NULL, -- as it was written, byte for byte; personal fields sealed
    metadata       json        NOT NULL, -- the envelope
    seq            bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    event_id       uuid        NOT NULL UNIQUE,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);

-- Committed, and waiting for a position.
CREATE TABLE unsequenced (seq bigint PRIMARY KEY)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, fillfactor = 70);

-- The one order: dense, given by the sequencer.
CREATE TABLE positions (
    position bigint PRIMARY KEY CHECK (position > 0),
    seq      bigint NOT NULL UNIQUE
);
CREATE TABLE head (
    one   bool   PRIMARY KEY DEFAULT true CHECK (one),
    head  bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO head DEFAULT VALUES;

-- Who holds a role that only one may hold, until when. The epoch goes up with every holder.
CREATE TABLE leases (
    name   text        PRIMARY KEY,
    holder uuid        NOT NULL,
    epoch  bigint      NOT NULL,
    until  timestamptz NOT NULL
);

CREATE TABLE commands (
    idempotency_key text   PRIMARY KEY,
    fingerprint     text   NOT NULL,
    stream_kind     text   NOT NULL,
    stream_id       text   NOT NULL,
    version         bigint NOT NULL
);

CREATE TABLE reservations (
    name       text COLLATE "C" PRIMARY KEY,
    owner_kind text NOT NULL,
    owner_id   text NOT NULL
);
CREATE INDEX reservations_by_owner ON reservations (owner_id, owner_kind);

CREATE TABLE checkpoints (
    subscription text   PRIMARY KEY,
    position     bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE parked (
    subscription text        NOT NULL,
    position     bigint      NOT NULL,
    stream_kind  text        NOT NULL,
    stream_id    text        NOT NULL,
    type         text        NOT NULL,
    error        text        NOT NULL,
    attempts     bigint      NOT NULL,
    parked_at    timestamptz NOT NULL,
    PRIMARY KEY (subscription, position)
);
CREATE INDEX parked_by_stream ON parked (subscription, stream_id, stream_kind);

-- What was done to the world, so that it is done once.
CREATE TABLE effects (
    effect     text        PRIMARY KEY,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Nobody edits a fact, not even the owner of the table.
CREATE FUNCTION facts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never updated, deleted or truncated', TG_TABLE_NAME USING ERRCODE = 'HS000';
END $$;
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION facts_stay();
CREATE TRIGGER positions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON positions
    FOR EACH STATEMENT EXECUTE FUNCTION facts_stay();

-- Every event that is committed is handed to the sequencer, whoever inserts it. With its owner's rights: the
-- application itself can neither add to the table nor take from it. All names in it are qualified.
CREATE FUNCTION hand_over() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO hiresphere.unsequenced (seq) VALUES (NEW.seq);
    RETURN NULL;
END $$;
CREATE TRIGGER events_are_handed_over AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION hand_over();

-- Reservations are checked and taken in order, before anything else is written: whoever waits here for another
-- transaction inserts its events after that one has committed, and so gets the later positions.
CREATE FUNCTION reserve(kind text, id text, wanted jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one   jsonb;
    i     int := 0;
    named text;
    held  reservations;
BEGIN
    -- Whoever claims a name and whoever requires that there be none like it must not pass each other by.
    FOR named IN SELECT DISTINCT r ->> 'name' FROM jsonb_array_elements(wanted) r
                 WHERE r ->> 'do' = 'none' ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(named, 4857));
    END LOOP;
    FOR named IN SELECT DISTINCT regexp_replace(r ->> 'name', '[^:]*$', '') FROM jsonb_array_elements(wanted) r
                 WHERE r ->> 'do' = 'claim' ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(named, 4857));
    END LOOP;
    FOR one IN SELECT * FROM jsonb_array_elements(wanted) LOOP
        CASE one ->> 'do'
        WHEN 'claim' THEN
            LOOP
                INSERT INTO reservations (name, owner_kind, owner_id) VALUES (one ->> 'name', kind, id)
                    ON CONFLICT DO NOTHING;
                EXIT WHEN FOUND;
                SELECT * INTO held FROM reservations WHERE name = one ->> 'name' FOR KEY SHARE;
                IF FOUND THEN
                    EXIT WHEN held.owner_kind = kind AND held.owner_id = id;
                    RAISE EXCEPTION 'taken' USING ERRCODE = 'HS002',
                        DETAIL = i || ' ' || held.owner_kind || ' ' || held.owner_id;
                END IF;
                -- Given back meanwhile: try once more.
            END LOOP;
        WHEN 'release' THEN
            DELETE FROM reservations WHERE name = one ->> 'name' AND owner_kind = kind AND owner_id = id;
        WHEN 'release_owned' THEN
            DELETE FROM reservations WHERE owner_kind = kind AND owner_id = id;
        WHEN 'require' THEN
            PERFORM FROM reservations WHERE name = one ->> 'name' FOR KEY SHARE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'not as required' USING ERRCODE = 'HS003', DETAIL = i::text;
            END IF;
        WHEN 'none' THEN
            PERFORM FROM reservations WHERE name >= one ->> 'name' AND name < (one ->> 'name') || U&'\+10FFFF'
                LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'not as required' USING ERRCODE = 'HS003', DETAIL = i::text;
            END IF;
        END CASE;
        i := i + 1;
    END LOOP;
END $$;

-- Appends all of it or nothing, in one round trip. Answers the seq of the last event and how the stream stands, or
-- (before anything was written) that the key was used or that the stream moved on.
CREATE FUNCTION append(
    kind text, id text, expected bigint,
    types text[], versions text[], ids uuid[], payloads text[], metadatas text[],
    wanted jsonb, key text, print text,
    OUT outcome text, OUT version bigint, OUT last bigint
) LANGUAGE plpgsql AS $$
BEGIN
    IF key IS NOT NULL THEN
        PERFORM FROM commands WHERE idempotency_key = key;
        IF FOUND THEN
            outcome := 'repeated';
            RETURN;
        END IF;
    END IF;
    SELECT coalesce(max(sequence), 0) INTO version FROM events
        WHERE aggregate_type = kind AND aggregate_id = id;
    IF version <> expected THEN
        outcome := 'stale';
        RETURN;
    END IF;
    version := expected + coalesce(cardinality(ids), 0);
    IF key IS NOT NULL THEN
        -- Waits for whoever is about to use the same key.
        INSERT INTO commands VALUES (key, print, kind, id, version) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            outcome := 'repeated';
            RETURN;
        END IF;
    END IF;
    IF wanted IS NOT NULL THEN
        PERFORM reserve(kind, id, wanted);
    END IF;
    IF cardinality(ids) = 1 THEN
        -- Most of the time; a set of one would cost as much again.
        INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, event_id, payload,
                            metadata)
        VALUES (kind, id, version, types[1], versions[1], ids[1], payloads[1]::json, metadatas[1]::json)
        RETURNING seq INTO last;
    ELSIF cardinality(ids) > 1 THEN
        WITH new AS (
            INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, event_id, payload,
                                metadata)
            SELECT kind, id, expected + n, t, v, e, p::json, m::json
            FROM unnest(types, versions, ids, payloads, metadatas) WITH ORDINALITY AS u (t, v, e, p, m, n) ORDER BY n
            RETURNING seq
        ) SELECT max(seq) INTO last FROM new;
    END IF;
    outcome := 'appended';
END $$;

-- Through postgres-es the envelope comes in the metadata alone.
CREATE FUNCTION event_id_of_metadata() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.event_id := NEW.metadata ->> 'event_id';
    RETURN NEW;
END $$;
CREATE TRIGGER events_have_ids BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_id IS NULL)
    EXECUTE FUNCTION event_id_of_metadata();

-- Gives the next events their positions: one batch, one transaction, one notification. A holder whose epoch has
-- passed is refused.
CREATE FUNCTION sequence(mine bigint, most int, OUT taken bigint, OUT reached bigint) LANGUAGE plpgsql AS $$
BEGIN
    SELECT h.head INTO reached FROM head h WHERE h.epoch = mine FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another sequencer has taken over' USING ERRCODE = 'HS005';
    END IF;
    WITH batch AS (
        DELETE FROM unsequenced WHERE seq = ANY (ARRAY(SELECT u.seq FROM unsequenced u ORDER BY u.seq LIMIT most))
        RETURNING seq
    )
    INSERT INTO positions (position, seq) SELECT reached + row_number() OVER (ORDER BY seq), seq FROM batch;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken > 0 THEN
        reached := reached + taken;
        UPDATE head SET head = reached;
        PERFORM pg_notify('hiresphere_head', reached::text);
    END IF;
END $$;

-- Takes a lease that is free, run out, or mine already. By this server's clock alone.
CREATE FUNCTION take_lease(role text, mine uuid, lasts interval, OUT granted bigint) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leases AS l VALUES (role, mine, 1, clock_timestamp() + lasts)
    ON CONFLICT (name) DO UPDATE
        SET holder = mine, until = clock_timestamp() + lasts,
            epoch = CASE WHEN l.holder = mine AND l.until >= clock_timestamp() THEN l.epoch ELSE l.epoch + 1 END
        WHERE l.holder = mine OR l.until < clock_timestamp()
    RETURNING l.epoch INTO granted;
    IF role = 'sequencer' AND granted IS NOT NULL THEN
        UPDATE head SET epoch = granted WHERE epoch < granted;
    END IF;
END $$;

-- Who may do what. The application appends and reads; what it may insert is named column by column, so that it can
-- forge neither an order nor a time.
REVOKE ALL ON SCHEMA hiresphere FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hiresphere FROM PUBLIC;
GRANT USAGE ON SCHEMA hiresphere TO hiresphere_app, hiresphere_sequencer;
GRANT SELECT ON events, positions, head, identity, unsequenced TO hiresphere_app;
GRANT INSERT (aggregate_type, aggregate_id, sequence, event_type, event_version, event_id, payload, metadata)
    ON events TO hiresphere_app;
GRANT SELECT, INSERT ON commands TO hiresphere_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON reservations, checkpoints, parked, effects, leases TO hiresphere_app;
GRANT EXECUTE ON FUNCTION append, reserve, event_id_of_metadata, hand_over, facts_stay TO hiresphere_app;
GRANT SELECT ON events, positions, head, identity, unsequenced, leases TO hiresphere_sequencer;
GRANT DELETE ON unsequenced TO hiresphere_sequencer;
GRANT INSERT ON positions TO hiresphere_sequencer;
GRANT UPDATE ON head TO hiresphere_sequencer;
GRANT INSERT, UPDATE, DELETE ON leases TO hiresphere_sequencer;
GRANT EXECUTE ON FUNCTION sequence, take_lease TO hiresphere_sequencer;
GRANT EXECUTE ON FUNCTION take_lease TO hiresphere_app;
