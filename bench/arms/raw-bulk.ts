import { Agent, request } from 'node:http';

export interface ReadyDocument {
  readonly id: string;
  readonly revision: number;
  readonly source: string;
}

export interface BulkShape {
  readonly documents: number;
  readonly inFlight: number;
}

/** Requests of so many documents, ready to be sent. */
export function bulkBodies(
  documents: readonly ReadyDocument[],
  { documents: size }: BulkShape,
): readonly string[] {
  const bodies: string[] = [];
  for (let from = 0; from < documents.length; from += size)
    bodies.push(linesOf(documents.slice(from, from + size)));
  return bodies;
}

function linesOf(documents: readonly ReadyDocument[]): string {
  let lines = '';
  for (const { id, revision, source } of documents)
    lines += `{"index":{"_id":${JSON.stringify(id)},"version":${revision},"version_type":"external_gte"}}\n${source}\n`;
  return lines;
}

/**
 * What the index server takes of one process that does nothing else: ready bodies, kept connections, the answer cut down
 * to whether there was a fault. It is the ceiling that building documents is compared with.
 */
export async function sendRaw(
  node: string,
  index: string,
  bodies: readonly string[],
  { inFlight }: BulkShape,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const waiting = bodies.values();
  const sender = async (): Promise<void> => {
    for (const body of waiting) await sendOne(agent, urlOf(node, index), body);
  };
  try {
    await Promise.all(Array.from({ length: inFlight }, sender));
  } finally {
    agent.destroy();
  }
}

/** The same, one request after the other as its documents come. */
export function bulkSender(
  node: string,
  index: string,
  inFlight: number,
): { readonly send: (documents: readonly ReadyDocument[]) => Promise<void>; readonly close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  return {
    send: (documents) => sendOne(agent, urlOf(node, index), linesOf(documents)),
    close: () => agent.destroy(),
  };
}

const urlOf = (node: string, index: string): string => `${node}/${index}/_bulk?filter_path=errors`;

function sendOne(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': bytes.length };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200 && text === '{"errors":false}') resolve();
        else reject(new Error(`The server answered ${answer.statusCode} ${text} to a bulk request.`));
      });
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}
