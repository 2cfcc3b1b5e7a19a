import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeEnvFile } from '../stack/index.js';

/**
 * Lets `npx prejoin` and the start scripts find the demo for as long as it runs. What a running stack wrote there comes
 * back when the returned function is called.
 */
export function lendEnvFile(path: string, env: Readonly<Record<string, string>>): () => void {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : null;
  writeEnvFile(path, env);
  return () => {
    if (before === null) rmSync(path, { force: true });
    else writeFileSync(path, before, { mode: 0o600 });
  };
}
