import { mkdtempSync, readFileSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lendEnvFile } from './env-file.js';

describe('the file that tells the command line where the demo is', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'prejoin-env-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is readable by its owner only, and goes with the demo', () => {
    const path = join(folder, '.prejoin/stack.env');
    const restore = lendEnvFile(path, { INDEX_PREFIX: 'demo-' });
    expect(readFileSync(path, 'utf8')).toBe('INDEX_PREFIX=demo-\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    restore();
    expect(existsSync(path)).toBe(false);
  });

  it('gives back what a running stack wrote', () => {
    const path = join(folder, 'stack.env');
    writeFileSync(path, 'INDEX_PREFIX=\n');
    const restore = lendEnvFile(path, { INDEX_PREFIX: 'demo-' });
    restore();
    expect(readFileSync(path, 'utf8')).toBe('INDEX_PREFIX=\n');
  });
});
