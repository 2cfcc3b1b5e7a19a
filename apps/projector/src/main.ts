import { runApp } from '#kernel/http';
import { readProjectorConfig } from './config.js';
import { startProjector } from './start.js';

process.exit(await runApp(async () => startProjector(readProjectorConfig())));
