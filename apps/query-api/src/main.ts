import { runApp } from '#kernel/http';
import { readQueryApiConfig } from './config.js';
import { startQueryApi } from './start.js';

process.exit(await runApp(async () => startQueryApi(readQueryApiConfig())));
