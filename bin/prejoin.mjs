#!/usr/bin/env node
// Runs the built CLI: under the Node that came with the dependencies when this one is too old, built first when a source
// is newer, and with the addresses that `npm run stack` wrote down for everything that the environment does not say.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 24 || (major === 24 && minor >= 15)) {
  // A third of the time of a short command is compiling.
  module.enableCompileCache();
  // An image holds the built output only.
  if (existsSync(join(root, 'apps'))) {
    const { ensureBuild } = await import('../scripts/ensure-build.mjs');
    ensureBuild();
  }
  const addresses = join(root, '.prejoin', 'stack.env');
  // What is set already stays as it is.
  if (existsSync(addresses)) process.loadEnvFile(addresses);
  const { runCli } = await import('../dist/apps/projector/src/cli.js');
  process.exitCode = await runCli(process.argv.slice(2));
} else {
  runWithNewerNode();
}

function runWithNewerNode() {
  const node = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(node)) {
    process.stderr.write('prejoin needs Node 24.15 or later. Install it, or run: npm ci\n');
    process.exitCode = 2;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C on a terminal reaches the child by itself; a SIGTERM is sent to this process alone.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    throw error;
  });
  child.on('exit', (code) => (process.exitCode = code ?? 130));
}
