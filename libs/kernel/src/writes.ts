/** One version of one aggregate that somebody wrote, and that a reader may want to see. */
export interface Write {
  readonly source: string;
  readonly id: string;
  /** Of the source: 0 unless its service was ever restored to an older state. */
  readonly epoch: number;
  readonly version: number;
}

/** A reader waits for so many aggregates at most. */
export const MOST_WRITES = 20;

/** In bytes, as the ids of all aggregates. */
const LONGEST_ID = 128;

const form = /^([^\s/@]+)\/([^\s/@]+)@(?:(\d{1,16})\.)?(\d{1,16})$/;

/**
 * As headers carry them: `order/018f@7, customer/x@2.3`, where the `2.` is an epoch above 0. Names and ids are encoded as
 * in a URL, so that they may hold anything.
 */
export function formatWrites(writes: readonly Write[]): string {
  return writes
    .map(({ source, id, epoch, version }) => {
      const aggregate = `${encodeURIComponent(source)}/${encodeURIComponent(id)}`;
      return `${aggregate}@${epoch === 0 ? '' : `${epoch}.`}${version}`;
    })
    .join(', ');
}

/** What `formatWrites` made, with the newest version of each aggregate; or what is wrong, as the end of a sentence. */
export function parseWrites(
  text: string,
): { readonly writes: readonly Write[] } | { readonly fault: string } {
  const newest = new Map<string, Write>();
  for (const part of text.split(',')) {
    const write = parseWrite(part.trim());
    if (write === null)
      return {
        fault: `is a list of writes such as order/018f@7, separated by commas, with names and ids encoded as in a URL; '${part.trim().slice(0, 100)}' is none`,
      };
    const key = `${write.source}/${write.id}`;
    const other = newest.get(key);
    if (other === undefined || isNewer(write, other)) newest.set(key, write);
  }
  return newest.size > MOST_WRITES
    ? { fault: `has ${newest.size} writes; ${MOST_WRITES} are the most` }
    : { writes: [...newest.values()] };
}

function parseWrite(text: string): Write | null {
  const [, source, id, epoch = '0', version] = form.exec(text) ?? [];
  if (source === undefined || id === undefined || version === undefined) return null;
  const write = { source: decoded(source), id: decoded(id), epoch: Number(epoch), version: Number(version) };
  const { source: name, id: ofAggregate } = write;
  if (name === null || ofAggregate === null || Buffer.byteLength(ofAggregate) > LONGEST_ID) return null;
  // PostgreSQL has no text with this character, so that no aggregate has either.
  if (name.includes('\0') || ofAggregate.includes('\0')) return null;
  if (!Number.isSafeInteger(write.epoch) || !Number.isSafeInteger(write.version)) return null;
  return { ...write, source: name, id: ofAggregate };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // What can not be decoded is no name, which the caller is told.
    return null;
  }
}

function isNewer(one: Write, other: Write): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.version > other.version);
}
