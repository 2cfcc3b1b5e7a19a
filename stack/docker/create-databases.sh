#!/bin/sh
# Runs once, when the PostgreSQL container makes its data folder: a database and a role for each service, as
# stack/databases.ts makes them outside Docker.
set -eu

create_database() {
  psql --set=ON_ERROR_STOP=1 --set=name="$1" --set=password="$2" \
    --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
COMMENT ON ROLE :"name" IS 'made by Prejoin';
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 ENCODING 'UTF8';
COMMENT ON DATABASE :"name" IS 'made by Prejoin';
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

create_database customers "$CUSTOMERS_DATABASE_PASSWORD"
create_database catalog "$CATALOG_DATABASE_PASSWORD"
create_database orders "$ORDERS_DATABASE_PASSWORD"
create_database payments "$PAYMENTS_DATABASE_PASSWORD"
create_database shipping "$SHIPPING_DATABASE_PASSWORD"
create_database projection "$PROJECTION_DATABASE_PASSWORD"
