// Writes docs/configuration.md from the variables that the apps declare. Reads the built output: run after a build.
import { writeFile } from 'node:fs/promises';
import { describeConfig } from '#kernel';
import { configSpec as commandApi } from '../dist/apps/command-api/src/config.js';
import { configSpec as projector } from '../dist/apps/projector/src/config.js';
import { configSpec as queryApi } from '../dist/apps/query-api/src/config.js';

const page = `# Configuration

Every app reads its configuration from environment variables, once, when it starts. A variable that is missing or wrong
stops the start with a list of all faults. An empty value counts as absent.

In a checkout, \`npm run stack\` writes the URLs of its servers and databases to \`.prejoin/stack.env\`; the npm scripts and
\`npx prejoin\` read that file, and what the environment says goes before it.
The file outlives the stack, since databases and passwords do too; the next start writes it anew.

## command-api

${describeConfig(commandApi)}

## projector and \`npx prejoin\`

${describeConfig(projector)}

## query-api

${describeConfig(queryApi)}

## npm run stack, demo and test

| variable | meaning | default | example |
| --- | --- | --- | --- |
| \`POSTGRES_URL\` | A PostgreSQL whose user may create databases and roles. | what answers on port 5432, else one is started | \`postgres://postgres:secret@127.0.0.1:5432/postgres\` |
| \`RABBITMQ_URL\` | A RabbitMQ broker. | what answers on port 5672, else one is started | \`amqp://guest:guest@127.0.0.1:5672\` |
| \`ELASTICSEARCH_URL\` | An Elasticsearch 8.19 or 9. | what answers on port 9200, else one is started | \`http://127.0.0.1:9200\` |
| \`PREJOIN_CACHE_DIR\` | Where downloads, and the data of servers that are started, are kept. | \`/var/cache/prejoin\` for root, else \`$XDG_CACHE_HOME/prejoin\` or \`~/.cache/prejoin\` | \`/srv/prejoin-cache\` |
| \`PREJOIN_DATABASE_PREFIX\` | What the names of the databases and roles that \`npm run stack\` makes begin with, so that two checkouts share a server. | empty | \`mine_\` |

The demo has names of its own (\`demo_\`, \`prejoin-demo\`, \`demo-\`), and takes the ports of the apps from their variables above.

This page is written by \`npm run docs\` from the declarations in each app's \`config.ts\`.
`;

await writeFile(new URL('../docs/configuration.md', import.meta.url), page);
console.log('docs/configuration.md');
