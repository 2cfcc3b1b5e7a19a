import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's own configuration without the servers, which the tests of a view do not need. */
const serverless = `
import config from './jest.config.js';
const { globalSetup, globalTeardown, ...rest } = config;
export default rest;
`;
const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;

function generate(...names: string[]) {
  const script = join(folder, 'scripts', 'new-domain', 'main.mjs');
  // With CI set a type error ends the build that the script runs.
  const env = { ...process.env, CI: 'true' };
  return spawnSync(process.execPath, [script, ...names], { cwd: folder, env, encoding: 'utf8' });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prejoin-new-domain-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\n'))
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm run new-domain', () => {
  it.each([
    [[], 'One name is needed.'],
    [['Field Service'], 'is no name for a domain'],
    [['commerce'], 'libs/commerce is there already'],
  ])('refuses %j, and says why', (names, reason) => {
    const { status, stderr } = generate(...names);
    expect(stderr).toContain(reason);
    expect(stderr).toContain('Usage: npm run new-domain <name>');
    expect(status).toBe(2);
  });

  it('writes a domain that compiles, passes its own test and is served', () => {
    const { status, stderr, stdout } = generate('field-service');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('npm test -- libs/field-service');

    writeFileSync(join(folder, 'jest.serverless.mjs'), serverless);
    const jest = join(folder, 'node_modules', 'jest', 'bin', 'jest.js');
    const ran = spawnSync(
      process.execPath,
      [
        '--experimental-vm-modules',
        jest,
        '--config=jest.serverless.mjs',
        'libs/field-service',
        'libs/domains',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(ran.stderr).toContain('2 passed, 2 total');
    expect(ran.status).toBe(0);

    const cli = spawnSync(process.execPath, [join(folder, 'bin', 'prejoin.mjs'), 'views', '--json'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(cli.stdout).toContain('field-service-items');
    expect(readFileSync(join(folder, 'nest-cli.json'), 'utf8')).toContain('libs/field-service/src');
  }, 120_000);

  it('is registered beside a domain that was added before', () => {
    const script = `import { register } from './scripts/new-domain/write.mjs'; register('.', 'library');`;
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    const registry = read('libs/domains/src/index.ts');
    expect(registry).toContain(`import * as fieldService from '#field-service';\nimport * as library`);
    expect(registry).toMatch(/\{\s*commerce,\s*'field-service': fieldService,\s*library\s*\}/);
    expect(read('.dependency-cruiser.mjs')).toContain("['commerce', 'field-service', 'library']");
    expect(JSON.parse(read('nest-cli.json'))).toMatchObject({
      projects: { library: { root: 'libs/library' } },
    });
  });
});
