-- Working on a subscription in several processes at once: who works on which stream, and what was handled above the
-- checkpoint. Run with search_path at the schema `hiresphere`.

-- One event of a stream is worked on at a time. A row whose time has come says only how often that event was given out.
CREATE TABLE claims (
    subscription text        NOT NULL,
    stream_kind  text        NOT NULL,
    stream_id    text        NOT NULL,
    position     bigint      NOT NULL,
    holder       uuid,                 -- none while the event rests between two tries
    until        timestamptz NOT NULL,
    attempts     int         NOT NULL,
    PRIMARY KEY (subscription, stream_kind, stream_id)
) WITH (fillfactor = 70);

-- Handled above the checkpoint, where something below is not.
CREATE TABLE done (
    subscription text   NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (subscription, position)
);

-- Streams whose parked events somebody wants tried again.
CREATE TABLE requeues (
    subscription text        NOT NULL,
    stream_kind  text        NOT NULL,
    stream_id    text        NOT NULL,
    asked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subscription, stream_kind, stream_id)
);

-- Whatever happens to a stream in a subscription happens one after the other.
CREATE FUNCTION lock_claims(sub text, kind text, id text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(sub || ' ' || kind || '-' || id, 4858));
$$;

-- Whether an event needs nothing more from a subscription. One statement, so that a sweep, which takes rows of `done`
-- away as it moves the checkpoint, is seen whole or not at all.
CREATE FUNCTION is_handled(sub text, at bigint) RETURNS bool LANGUAGE sql STABLE AS $$
    SELECT at <= coalesce((SELECT c.position FROM checkpoints c WHERE c.subscription = sub), 0)
        OR EXISTS (SELECT FROM done d WHERE d.subscription = sub AND d.position = at)
        OR EXISTS (SELECT FROM parked p WHERE p.subscription = sub AND p.position = at);
$$;

-- Takes a claim that is free or run out. Under the lock.
CREATE FUNCTION take_claim(sub text, kind text, id text, at bigint, mine uuid, lasts interval) RETURNS int
    LANGUAGE sql AS $$
    INSERT INTO claims AS c VALUES (sub, kind, id, at, mine, clock_timestamp() + lasts, 1)
    ON CONFLICT (subscription, stream_kind, stream_id) DO UPDATE
        SET position = at, holder = mine, until = clock_timestamp() + lasts,
            attempts = CASE WHEN c.position = at THEN c.attempts + 1 ELSE 1 END
    RETURNING attempts;
$$;

-- Whether an event may be worked on now, and if so by whom: `mine`.
CREATE FUNCTION claim(
    sub text, kind text, id text, at bigint, ver bigint, type_ text, wanted text[], mine uuid, lasts interval,
    OUT verdict text, OUT attempt int
) LANGUAGE plpgsql AS $$
DECLARE before bigint;
BEGIN
    PERFORM lock_claims(sub, kind, id);
    IF is_handled(sub, at) THEN
        verdict := 'handled';
        RETURN;
    END IF;
    PERFORM FROM claims c WHERE c.subscription = sub AND c.stream_kind = kind AND c.stream_id = id
        AND c.until > clock_timestamp();
    IF FOUND THEN
        verdict := 'busy';
        RETURN;
    END IF;
    PERFORM FROM parked p WHERE p.subscription = sub AND p.stream_kind = kind AND p.stream_id = id
        AND p.position < at;
    IF FOUND THEN
        INSERT INTO parked VALUES (sub, at, kind, id, type_, 'waits behind a parked event of its stream', 0,
            clock_timestamp());
        verdict := 'behind';
        RETURN;
    END IF;
    -- The one before it is enough: that was not handled before those before it were.
    SELECT p.position INTO before FROM events e JOIN positions p USING (seq)
        WHERE e.aggregate_type = kind AND e.aggregate_id = id AND e.sequence < ver AND e.event_type = ANY (wanted)
        ORDER BY e.sequence DESC LIMIT 1;
    IF FOUND AND NOT is_handled(sub, before) THEN
        verdict := 'earlier';
        RETURN;
    END IF;
    attempt := take_claim(sub, kind, id, at, mine, lasts);
    verdict := 'mine';
END $$;

-- The first parked event of a stream that is to be tried again and that nobody works on.
CREATE FUNCTION claim_requeued(
    sub text, mine uuid, lasts interval,
    OUT kind text, OUT id text, OUT at bigint, OUT attempt int
) LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        SELECT r.stream_kind, r.stream_id INTO kind, id FROM requeues r
            WHERE r.subscription = sub AND NOT EXISTS (SELECT FROM claims c
                WHERE c.subscription = sub AND c.stream_kind = r.stream_kind AND c.stream_id = r.stream_id
                    AND c.until > clock_timestamp())
            ORDER BY r.asked_at LIMIT 1;
        EXIT WHEN NOT FOUND;
        PERFORM lock_claims(sub, kind, id);
        PERFORM FROM claims c WHERE c.subscription = sub AND c.stream_kind = kind AND c.stream_id = id
            AND c.until > clock_timestamp();
        CONTINUE WHEN FOUND; -- taken meanwhile
        SELECT min(p.position) INTO at FROM parked p
            WHERE p.subscription = sub AND p.stream_kind = kind AND p.stream_id = id;
        IF at IS NULL THEN
            DELETE FROM requeues r WHERE r.subscription = sub AND r.stream_kind = kind AND r.stream_id = id;
            CONTINUE;
        END IF;
        attempt := take_claim(sub, kind, id, at, mine, lasts);
        RETURN;
    END LOOP;
END $$;

-- Whether the claim is still its holder's, prolonged if so.
CREATE FUNCTION renew_claim(sub text, kind text, id text, at bigint, mine uuid, lasts interval) RETURNS bool
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_claims(sub, kind, id);
    UPDATE claims c SET until = clock_timestamp() + lasts WHERE c.subscription = sub AND c.stream_kind = kind
        AND c.stream_id = id AND c.position = at AND c.holder = mine;
    RETURN FOUND;
END $$;

-- Notes an event as handled and lets its claim go, if that is still its holder's.
CREATE FUNCTION finish_claim(sub text, kind text, id text, at bigint, mine uuid) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_claims(sub, kind, id);
    DELETE FROM claims c WHERE c.subscription = sub AND c.stream_kind = kind AND c.stream_id = id
        AND c.position = at AND c.holder = mine;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_handled(sub, kind, id, at);
    RETURN true;
END $$;

-- Notes an event as handled, parked before or not. What waits in its stream to be tried again goes on.
CREATE FUNCTION set_handled(sub text, kind text, id text, at bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO done VALUES (sub, at) ON CONFLICT DO NOTHING;
    DELETE FROM parked p WHERE p.subscription = sub AND p.position = at;
    DELETE FROM requeues r WHERE r.subscription = sub AND r.stream_kind = kind AND r.stream_id = id
        AND NOT EXISTS (SELECT FROM parked p WHERE p.subscription = sub AND p.stream_kind = kind AND p.stream_id = id);
END $$;

-- Parks an event and lets its claim go, if that is still its holder's. Its stream is not tried again by itself.
CREATE FUNCTION park_claim(
    sub text, kind text, id text, at bigint, mine uuid, type_ text, problem text, tries bigint
) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_claims(sub, kind, id);
    DELETE FROM claims c WHERE c.subscription = sub AND c.stream_kind = kind AND c.stream_id = id
        AND c.position = at AND c.holder = mine;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO parked AS p VALUES (sub, at, kind, id, type_, problem, tries, clock_timestamp())
        ON CONFLICT (subscription, position) DO UPDATE
        SET error = excluded.error, attempts = p.attempts + excluded.attempts;
    DELETE FROM requeues r WHERE r.subscription = sub AND r.stream_kind = kind AND r.stream_id = id;
    RETURN true;
END $$;

-- Lets a claim go without an outcome: the event rests, then it may be worked on again.
CREATE FUNCTION give_back_claim(
    sub text, kind text, id text, at bigint, mine uuid, pause interval, counts bool
) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_claims(sub, kind, id);
    UPDATE claims c SET holder = NULL, until = clock_timestamp() + pause,
            attempts = c.attempts - (NOT counts)::int
        WHERE c.subscription = sub AND c.stream_kind = kind AND c.stream_id = id
            AND c.position = at AND c.holder = mine;
    RETURN FOUND;
END $$;

-- Drops a parked event: it counts as handled, and what waited behind it is tried again.
CREATE FUNCTION drop_parked(sub text, at bigint) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE found_ parked;
BEGIN
    SELECT * INTO found_ FROM parked p WHERE p.subscription = sub AND p.position = at;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM lock_claims(sub, found_.stream_kind, found_.stream_id);
    INSERT INTO requeues VALUES (sub, found_.stream_kind, found_.stream_id) ON CONFLICT DO NOTHING;
    PERFORM set_handled(sub, found_.stream_kind, found_.stream_id, at);
    RETURN true;
END $$;

-- Moves a checkpoint up over what is handled without a gap, at most so far at once; answers where it then stands.
CREATE FUNCTION sweep(sub text, wanted text[], most bigint, OUT reached bigint) LANGUAGE plpgsql AS $$
DECLARE
    stood bigint;
    upto  bigint;
    open_ bigint;
BEGIN
    INSERT INTO checkpoints VALUES (sub, 0) ON CONFLICT DO NOTHING;
    SELECT c.position INTO stood FROM checkpoints c WHERE c.subscription = sub FOR UPDATE;
    SELECT least(h.head, stood + most) INTO upto FROM head h;
    SELECT p.position INTO open_ FROM positions p JOIN events e USING (seq)
        WHERE p.position > stood AND p.position <= upto AND e.event_type = ANY (wanted)
            AND NOT EXISTS (SELECT FROM done d WHERE d.subscription = sub AND d.position = p.position)
            AND NOT EXISTS (SELECT FROM parked k WHERE k.subscription = sub AND k.position = p.position)
        ORDER BY p.position LIMIT 1;
    reached := greatest(stood, coalesce(open_ - 1, upto));
    IF reached > stood THEN
        UPDATE checkpoints c SET position = reached WHERE c.subscription = sub AND c.position = stood;
    END IF;
    DELETE FROM done d WHERE d.subscription = sub AND d.position <= reached;
END $$;

-- The first event of each stream that is neither handled nor worked on, among the next so many positions.
CREATE FUNCTION open_events(sub text, wanted text[], among bigint, most int) RETURNS SETOF bigint
    LANGUAGE sql STABLE AS $$
    SELECT first.position FROM (
        SELECT DISTINCT ON (e.aggregate_type, e.aggregate_id) p.position
        FROM (SELECT position, seq FROM positions
                WHERE position > coalesce((SELECT c.position FROM checkpoints c WHERE c.subscription = sub), 0)
                ORDER BY position LIMIT among) p
            JOIN events e USING (seq)
        WHERE e.event_type = ANY (wanted)
            AND NOT EXISTS (SELECT FROM done d WHERE d.subscription = sub AND d.position = p.position)
            AND NOT EXISTS (SELECT FROM parked k WHERE k.subscription = sub AND k.position = p.position)
            AND NOT EXISTS (SELECT FROM claims c WHERE c.subscription = sub AND c.stream_kind = e.aggregate_type
                AND c.stream_id = e.aggregate_id AND c.until > clock_timestamp())
        ORDER BY e.aggregate_type, e.aggregate_id, p.position
    ) first ORDER BY first.position LIMIT most;
$$;

REVOKE ALL ON FUNCTION lock_claims, is_handled, take_claim, claim, claim_requeued, renew_claim, finish_claim, set_handled,
    park_claim, give_back_claim, drop_parked, sweep, open_events FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON claims, done, requeues TO hiresphere_app;
GRANT EXECUTE ON FUNCTION lock_claims, is_handled, take_claim, claim, claim_requeued, renew_claim, finish_claim,
    set_handled, park_claim, give_back_claim, drop_parked, sweep, open_events TO hiresphere_app;
