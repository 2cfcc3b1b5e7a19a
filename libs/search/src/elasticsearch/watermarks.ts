/** A disk as Elasticsearch measures it, in bytes. */
export interface Disk {
  readonly total: number;
  readonly available: number;
}

/** Below `low` all is well; from `low` on no shard is given to the node, from `high` on shards leave, from `flood_stage` on indices are read-only. */
export type DiskStage = 'below' | 'low' | 'high' | 'flood_stage';

const stages = ['flood_stage', 'high', 'low'] as const;

/**
 * Which watermark a disk has reached, by the cluster's settings: each is a share of the disk that may be used (`85%`,
 * `0.85`), with the free bytes that are enough on a large disk (`max_headroom`), or the free bytes that must be left.
 */
export function diskStages(setting: (name: string) => string | undefined): (disk: Disk) => DiskStage {
  const option = (name: string): string | undefined =>
    setting(`cluster.routing.allocation.disk.watermark.${name}`);
  return (disk) =>
    stages.find((stage) => {
      const mark = option(stage);
      return mark !== undefined && disk.available < mustBeFree(disk, mark, option(`${stage}.max_headroom`));
    }) ?? 'below';
}

function mustBeFree({ total }: Disk, mark: string, headroom: string | undefined): number {
  const share = shareOf(mark);
  if (share === null) return bytesOf(mark) ?? 0;
  const most = headroom === undefined ? null : bytesOf(headroom);
  const free = total * (1 - share);
  // -1 is no headroom.
  return most === null || most < 0 ? free : Math.min(free, most);
}

function shareOf(text: string): number | null {
  if (text.endsWith('%')) return Number(text.slice(0, -1)) / 100;
  return /^(0(\.\d+)?|1(\.0+)?)$/.test(text) ? Number(text) : null;
}

const units = ['b', 'kb', 'mb', 'gb', 'tb', 'pb'];

function bytesOf(text: string): number | null {
  const [, number, unit = 'b'] = /^(-?\d+(?:\.\d+)?)([kmgtp]?b)?$/i.exec(text) ?? [];
  return number === undefined ? null : Number(number) * 1024 ** units.indexOf(unit.toLowerCase());
}
