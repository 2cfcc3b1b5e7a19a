import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy in front of a server, that does what networks do. */
export interface FaultyProxy {
  /** The server's URL with the proxy's address in it. */
  readonly url: string;
  /** How many connections were made through it so far. */
  readonly connections: number;
  /** How many there are now. */
  readonly open: number;
  /** How many were closed by their clients so far. */
  readonly left: number;
  /** Forwards nothing any more, and closes nothing: the peer that vanished without a word. */
  stall(): void;
  /** Takes what is sent and forwards no answer: the server that hangs. A caller that leaves is seen to. */
  mute(): void;
  /** Forwards again, beginning with what was held back. */
  resume(): void;
  /** Cuts all connections; new ones are let through. */
  cut(): void;
  /** Refuses new connections until `accept`, and cuts those that there are. */
  refuse(): void;
  accept(): void;
  /** Cuts every connection whose client sends these bytes, before the server sees them. */
  cutWhenClientSends(bytes: string): void;
  close(): Promise<void>;
}

interface State {
  stalled: boolean;
  muted: boolean;
  refusing: boolean;
  connections: number;
  left: number;
  poison: Buffer | null;
  readonly pairs: Set<readonly [client: Socket, upstream: Socket]>;
}

/** Listens on a free loopback port in front of the server that `url` names. Close it after the test. */
export async function startFaultyProxy(url: string): Promise<FaultyProxy> {
  const pairs: State['pairs'] = new Set();
  const none = { stalled: false, muted: false, refusing: false, connections: 0, left: 0, poison: null };
  const state: State = { ...none, pairs };
  const server = createServer((client) => {
    if (state.refusing) client.destroy();
    else forward(client, new URL(url), state);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const sockets = (): Socket[] => [...pairs].flat();
  const cut = (): void => sockets().forEach((socket) => socket.destroy());
  const through = new URL(url);
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: through.href,
    get connections() {
      return state.connections;
    },
    get open() {
      return pairs.size;
    },
    get left() {
      return state.left;
    },
    stall: () => {
      state.stalled = true;
      sockets().forEach((socket) => socket.pause());
    },
    mute: () => {
      state.muted = true;
      for (const [, upstream] of pairs) upstream.pause();
    },
    resume: () => {
      state.stalled = false;
      state.muted = false;
      sockets().forEach((socket) => socket.resume());
    },
    cut,
    refuse: () => {
      state.refusing = true;
      cut();
    },
    accept: () => {
      state.refusing = false;
    },
    cutWhenClientSends: (bytes) => {
      state.poison = Buffer.from(bytes);
    },
    close: async () => {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function forward(client: Socket, target: URL, state: State): void {
  state.connections += 1;
  const upstream = connect(Number(target.port), target.hostname);
  const pair = [client, upstream] as const;
  state.pairs.add(pair);
  for (const socket of pair) {
    if (state.stalled || (state.muted && socket === upstream)) socket.pause();
    socket.setNoDelay(true);
    // What broke a connection is the test's own doing; both ends go, as with a cut cable.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (socket === client && !upstream.destroyed) state.left += 1;
      state.pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    });
  }
  upstream.on('data', (chunk) => client.write(chunk));
  // The last bytes of a chunk are kept for the next search, since the poison may lie across two chunks.
  let tail = Buffer.alloc(0);
  client.on('data', (chunk: Buffer) => {
    const seen = Buffer.concat([tail, chunk]);
    if (state.poison !== null && seen.includes(state.poison)) return void client.destroy();
    tail = seen.subarray(-(state.poison?.length ?? 1));
    upstream.write(chunk);
  });
}
