/*
 * What the state holds as JSON, as typed values of the database. Each gives NULL for what is not of its type, since an
 * old state may be from before a column was declared as it is now, and a function that raised an error would refuse the
 * event. All are IMMUTABLE, which generated columns need, and hold for the whole life of a column: a function that
 * computes something else gets another name.
 *
 * Those that call others have bodies that are parsed when they are made (RETURN …), so that no search path matters.
 */

/**
 * How many characters of a text are kept as they are. A B-tree refuses entries above 2 704 bytes, and an event must not
 * be refused for a long text; what is cut gets a hash, so that different texts stay different.
 */
export const textLimit = 100;

export const valueFunctions = `
CREATE OR REPLACE FUNCTION prejoin_text(value json, most integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  whole text;
BEGIN
  IF pg_catalog.json_typeof(value) IS DISTINCT FROM 'string' THEN RETURN NULL; END IF;
  whole := value #>> '{}';
  IF most IS NULL OR pg_catalog.char_length(whole) <= most THEN RETURN whole; END IF;
  RETURN pg_catalog.left(whole, most) || pg_catalog.md5(whole);
END
$$;

CREATE OR REPLACE FUNCTION prejoin_boolean(value json) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE value::text WHEN 'true' THEN true WHEN 'false' THEN false END;

-- true for anything but null: for what is only counted
CREATE OR REPLACE FUNCTION prejoin_present(value json) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value::text <> 'null' THEN true END;

-- One look at the value: a function of SQL would be inlined, and what it is given evaluated at each mention.
CREATE OR REPLACE FUNCTION prejoin_bigint(value json) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  spelled text := value::text;
  number numeric;
BEGIN
  IF spelled ~ '^-?[0-9]{1,15}$' THEN RETURN spelled::bigint; END IF;
  -- '5.0' and '5e3' are whole numbers in JSON; what is longer than these is none that JavaScript keeps
  IF spelled !~ '^-?[0-9][0-9.]{0,39}([eE][-+]?[0-9]{1,2})?$' THEN RETURN NULL; END IF;
  number := spelled::numeric;
  IF number <> pg_catalog.trunc(number) OR pg_catalog.abs(number) > 9007199254740991 THEN RETURN NULL; END IF;
  RETURN number::bigint;
END
$$;

-- The shortest decimal of the double that JavaScript makes of the text. float8 gives that text unless a session lowers
-- extra_float_digits; a cast from float8 to numeric would keep 15 digits only.
CREATE OR REPLACE FUNCTION prejoin_odd_decimal(value json) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET extra_float_digits = 1 AS $$
DECLARE
  number numeric;
BEGIN
  IF pg_catalog.json_typeof(value) IS DISTINCT FROM 'number' OR pg_catalog.length(value::text) > 400
    OR value::text ~ '[eE][-+]?0*[1-9][0-9]{3}' THEN
    RETURN NULL;
  END IF;
  number := value::text::numeric;
  IF pg_catalog.abs(number) > 1.7976931348623157e308 THEN RETURN NULL; END IF;
  IF pg_catalog.abs(number) < 2.5e-324 THEN RETURN 0; END IF;
  RETURN number::float8::text::numeric;
END
$$;

-- Up to 15 digits are the same number as decimal and as double.
CREATE OR REPLACE FUNCTION prejoin_numeric(value json) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value::text ~ '^-?[0-9.]{1,15}$' THEN value::text::numeric ELSE prejoin_odd_decimal(value) END;

${instantFunction('prejoin_instant_key', 'spelled text', '')}
${instantFunction(
  'prejoin_instant',
  'value json',
  `
  IF pg_catalog.json_typeof(value) IS DISTINCT FROM 'string' THEN RETURN NULL; END IF;
  spelled := value #>> '{}';`,
)}
${listFunctions('prejoin_text', 'text', ', most integer', ', most')}
${listFunctions('prejoin_boolean', 'boolean')}
${listFunctions('prejoin_present', 'boolean')}
${listFunctions('prejoin_bigint', 'bigint')}
${listFunctions('prejoin_numeric', 'numeric')}
${listFunctions('prejoin_instant', 'text')}

-- The keys of a list's items, each with the position of its item: an item may hold one key, or an array of them.
CREATE OR REPLACE FUNCTION prejoin_pair_keys(items json, names text[], fallback json) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ${pairsOf('pair.key')};

CREATE OR REPLACE FUNCTION prejoin_pair_positions(items json, names text[], fallback json) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ${pairsOf('pair.position')};
`;

/**
 * A point in time as a text that orders by time: in UTC, with the fraction's digits as far as they are not nought. No
 * timestamp: it ends at microseconds, and has no year 0. What is no instant comes after all that are.
 */
function instantFunction(name: string, parameter: string, begin: string): string {
  return `
CREATE OR REPLACE FUNCTION ${name}(${parameter}) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE${begin === '' ? '' : '\n  spelled text;'}
  part text[];
  moment timestamp;
  year integer;
BEGIN${begin}
  -- as nearly all are written, ten times as fast: a real day in UTC orders as it stands
  IF spelled COLLATE "C" ~ '^[0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?Z$' THEN
    RETURN pg_catalog.left(spelled, 19) || pg_catalog.rtrim(pg_catalog.rtrim(
      pg_catalog.substr(spelled, 20, least(pg_catalog.length(spelled) - 20, 41)), '0'), '.');
  END IF;
  part := pg_catalog.regexp_match(spelled COLLATE "C",
    '^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(\\.[0-9]+)?([Zz]|([-+])([01][0-9]|2[0-3])(:?([0-5][0-9]))?)$');
  IF part IS NULL THEN RETURN '~' || pg_catalog.left(spelled, ${textLimit}); END IF;
  -- 400 years later the calendar is the same, and no year below 1
  moment := pg_catalog.make_timestamp(part[1]::integer + 400, part[2]::integer, 1, part[4]::integer, part[5]::integer, 0)
    + pg_catalog.make_interval(days => part[3]::integer - 1, secs => part[6]::integer)
    + pg_catalog.make_interval(mins => CASE part[9] WHEN '-' THEN 1 ELSE -1 END
        * (coalesce(part[10]::integer, 0) * 60 + coalesce(part[12]::integer, 0)));
  year := pg_catalog.date_part('year', moment)::integer - 400;
  RETURN CASE WHEN year < 0 THEN '-' WHEN year > 9999 THEN ':' ELSE '' END
    || pg_catalog.lpad(pg_catalog.abs(year)::text, 4, '0') || pg_catalog.to_char(moment, '-MM-DD"T"HH24:MI:SS')
    || coalesce(pg_catalog.rtrim(pg_catalog.rtrim(pg_catalog.left(part[7], 41), '0'), '.'), '');
END
$$;`;
}

/**
 * `_array`: the values of a JSON array that are of the type, in their order; a single value counts as an array of one.
 * `_items`: one value, or NULL, for each item of a list, by its position. 'names' are tried in order.
 */
function listFunctions(name: string, type: string, parameters = '', given = ''): string {
  return `
CREATE OR REPLACE FUNCTION ${name}_array(list json${parameters}) RETURNS ${type}[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(list) <> 'null' THEN ARRAY(
  SELECT made.value
  FROM json_array_elements(CASE WHEN json_typeof(list) = 'array' THEN list ELSE json_build_array(list) END)
    WITH ORDINALITY AS element (value, position)
  CROSS JOIN LATERAL (SELECT ${name}(element.value${given})) AS made (value)
  WHERE made.value IS NOT NULL
  ORDER BY element.position
) END;

CREATE OR REPLACE FUNCTION ${name}_items(items json, names text[], fallback json${parameters}) RETURNS ${type}[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(
  SELECT ${name}(coalesce(item.value -> names[1], item.value -> names[2], fallback)${given})
  FROM json_array_elements(CASE WHEN json_typeof(items) = 'array' THEN items END)
    WITH ORDINALITY AS item (value, position)
  ORDER BY item.position
);`;
}

function pairsOf(column: string): string {
  return `ARRAY(
  SELECT ${column}
  FROM (
    SELECT DISTINCT (key.value #>> '{}') COLLATE "C" AS key, item.position::integer AS position
    FROM json_array_elements(CASE WHEN json_typeof(items) = 'array' THEN items END)
      WITH ORDINALITY AS item (value, position)
    CROSS JOIN LATERAL (SELECT coalesce(item.value -> names[1], item.value -> names[2], fallback)) AS member (value)
    CROSS JOIN LATERAL json_array_elements(
      CASE WHEN json_typeof(member.value) = 'array' THEN member.value ELSE json_build_array(member.value) END
    ) AS key (value)
    WHERE json_typeof(key.value) = 'string'
  ) AS pair
  ORDER BY pair.position, pair.key
)`;
}
