import { runApp } from '#kernel/http';
import { readCommandApiConfig } from './config.js';
import { startCommandApi } from './start.js';

process.exit(await runApp(async () => startCommandApi(readCommandApiConfig())));
