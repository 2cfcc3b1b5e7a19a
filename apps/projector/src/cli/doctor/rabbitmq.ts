import { busNames, inspectBroker, type BrokerReport } from '#messaging';
import { grouped } from '../output.js';
import { fail, ok, warn, type Finding } from './finding.js';
import type { Check } from './run-checks.js';
import type { Scene } from './scene.js';

const OLDEST = [3, 10] as const;
const MANY_MESSAGES = 100_000;

export function rabbitmqCheck({ projection, deadlineMs }: Scene): Check {
  const { RABBITMQ_URL: url, BUS_PREFIX: prefix } = projection.config;
  const names = busNames(prefix);
  return {
    what: 'RabbitMQ: reached',
    remedy: 'Check RABBITMQ_URL and that the server runs.',
    run: async () => {
      const report = await inspectBroker({
        url,
        queues: [names.projectorQueue, names.deadLetterQueue],
        exchanges: [names.events],
        publish: true,
        deadlineMs,
      });
      return [reached(report), topology(report, names), ...queue(report, names), taking(report)];
    },
  };
}

type Names = ReturnType<typeof busNames>;

function reached({ product, version }: BrokerReport): Finding {
  const what = 'RabbitMQ: reached';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return fail(
      what,
      `${product} ${version}`,
      `Upgrade the server: ${OLDEST.join('.')} is the oldest that works.`,
    );
  return ok(what, `${product} ${version}`);
}

function topology({ queues, exchanges }: BrokerReport, names: Names): Finding {
  const what = 'RabbitMQ: exchange and queues';
  const missing = [
    ...(exchanges.get(names.events) === true ? [] : [names.events]),
    ...[names.projectorQueue, names.deadLetterQueue].filter((queue) => queues.get(queue) === null),
  ];
  if (missing.length === 0) return ok(what, 'all there');
  return fail(
    what,
    `not there: ${missing.join(', ')}`,
    'A projector or a relay declares them when it connects: start one, and see that BUS_PREFIX is the same for all.',
  );
}

function queue({ queues }: BrokerReport, names: Names): readonly Finding[] {
  const what = 'RabbitMQ: queue of events';
  const state = queues.get(names.projectorQueue) ?? null;
  const given = queues.get(names.deadLetterQueue) ?? null;
  if (state === null) return [];
  const finding = `${grouped(state.messages)} messages wait, ${state.consumers} consumers`;
  const found =
    state.consumers === 0
      ? fail(what, finding, 'Start a projector: nobody takes events.')
      : state.messages > MANY_MESSAGES
        ? warn(what, finding, 'See in the log of the projectors why applying is slow, or start more of them.')
        : ok(what, finding);
  const back =
    given !== null && given.messages > 0
      ? warn(
          'RabbitMQ: dead letters',
          `the broker gave up ${given.messages} messages`,
          `They were delivered too often: see the log of the projectors. The queue ${names.deadLetterQueue} holds them; npx prejoin resync publishes their state again.`,
        )
      : ok('RabbitMQ: dead letters', 'the broker gave up none');
  return [found, back];
}

function taking({ blocked }: BrokerReport): Finding {
  const what = 'RabbitMQ: takes messages';
  return blocked === null
    ? ok(what, 'yes')
    : fail(
        what,
        `no: ${blocked}`,
        'The broker has an alarm: free memory or disk on it. Events wait in the outboxes meanwhile.',
      );
}
