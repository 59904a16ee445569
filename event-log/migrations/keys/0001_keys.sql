-- People's wrapped keys and what dies with them. A row without a key stays as the proof that it was destroyed. Run
-- with search_path at the schema `hiresphere_keys`, which may be in a database of its own.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hiresphere_keys') THEN
        CREATE ROLE hiresphere_keys NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

CREATE TABLE keys (
    person       uuid PRIMARY KEY,
    wrapped      bytea,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

CREATE TABLE blind_index (
    entry  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope  text NOT NULL,
    blind  text NOT NULL,
    person uuid NOT NULL,
    UNIQUE (scope, blind, person)
);
CREATE INDEX blind_index_by_person ON blind_index (person);

-- Nobody gets a new key once theirs was destroyed, and no proof goes away.
CREATE FUNCTION destroyed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a destroyed key stays destroyed' USING ERRCODE = 'HS000';
END $$;
CREATE TRIGGER keys_stay_destroyed BEFORE UPDATE ON keys FOR EACH ROW WHEN (OLD.wrapped IS NULL)
    EXECUTE FUNCTION destroyed_stays();
CREATE TRIGGER keys_are_not_deleted BEFORE DELETE OR TRUNCATE ON keys FOR EACH STATEMENT
    EXECUTE FUNCTION destroyed_stays();

REVOKE ALL ON SCHEMA hiresphere_keys FROM PUBLIC;
GRANT USAGE ON SCHEMA hiresphere_keys TO hiresphere_keys;
GRANT SELECT, INSERT ON keys TO hiresphere_keys;
GRANT UPDATE (wrapped, destroyed_at) ON keys TO hiresphere_keys;
GRANT SELECT, DELETE ON blind_index TO hiresphere_keys;
GRANT INSERT (scope, blind, person) ON blind_index TO hiresphere_keys;
