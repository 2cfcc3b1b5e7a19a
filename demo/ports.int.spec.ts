import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { freePort } from '../stack/launch.js';
import { demoPorts } from './ports.js';

describe('the ports of the demo', () => {
  let server: Server;
  let taken: string;

  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    taken = String((server.address() as AddressInfo).port);
  });
  afterAll(() => void server.close());

  it('are those of the environment', async () => {
    const [commands, projector, queries] = [await freePort(), await freePort(), await freePort()];
    const env = {
      COMMAND_API_PORT: String(commands),
      PROJECTOR_PORT: String(projector),
      QUERY_API_PORT: String(queries),
    };
    expect(await demoPorts(env)).toEqual({ 'command-api': commands, projector, 'query-api': queries });
  });

  it('are refused in a sentence each when somebody listens there or they are none', async () => {
    const env = { COMMAND_API_PORT: taken, PROJECTOR_PORT: 'http', QUERY_API_PORT: String(await freePort()) };
    await expect(demoPorts(env)).rejects.toThrow(
      `Something listens on port ${taken}, which command-api is to have (COMMAND_API_PORT).\n` +
        'PROJECTOR_PORT must be a port from 1 to 65535, and is "http".',
    );
  });
});
