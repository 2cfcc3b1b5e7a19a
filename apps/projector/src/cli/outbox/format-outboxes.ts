import type { OutboxDeadLetter, OutboxState, RelayProcess } from '#outbox';
import { grouped } from '../output.js';
import { shortened } from '../dead-letters/visible.js';
import type { Seen } from '../service-databases.js';
import { formatAge, formatTable } from '../table.js';

export function formatOutboxes(outboxes: readonly Seen<OutboxState>[]): string {
  const rows = outboxes.map((one) => {
    if ('unseen' in one) return [one.service, '?', '-', '-', '-', one.unseen];
    const { waiting, oldestSeconds, suspects, deadLetters, paused, relays } = one.seen;
    return [
      one.service,
      grouped(waiting),
      formatAge(oldestSeconds),
      grouped(suspects),
      grouped(deadLetters),
      paused === null ? relaysOf(relays) : `paused since ${paused.since.toISOString()} by ${paused.by}`,
    ];
  });
  return formatTable(['SERVICE', 'WAITING', 'OLDEST', 'SUSPECT', 'DEAD LETTERS', 'RELAY'], rows);
}

function relaysOf(relays: readonly RelayProcess[]): string {
  if (relays.length === 0) return 'none was ever seen';
  return relays
    .map(({ host, pid, state, silentSeconds, alive }) =>
      alive ? `${state} (${host} ${pid})` : `${host} ${pid} is silent for ${formatAge(silentSeconds)}`,
    )
    .join(', ');
}

export function formatLetters(services: readonly Seen<readonly OutboxDeadLetter[]>[]): string {
  const rows = services.flatMap((one) =>
    'unseen' in one
      ? [[one.service, '?', '', '', one.unseen]]
      : one.seen.map((letter) => [
          one.service,
          `${letter.seq}`,
          letter.deadAt.toISOString().slice(0, 19).replace('T', ' '),
          shortened(`${letter.source} ${letter.aggregateId}, version ${letter.version}, ${letter.name}`, 72),
          shortened(letter.reason, 80),
        ]),
  );
  if (rows.length === 0) return 'There are no dead letters in the outboxes.';
  return formatTable(['SERVICE', 'NUMBER', 'GIVEN UP (UTC)', 'EVENT', 'REASON'], rows);
}
