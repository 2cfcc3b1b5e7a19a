import type { Envelope } from '#messaging';
import { openPipeline, type Pipeline } from '../../../testing/pipeline.js';
import { modelSources } from '../domain.js';
import type { Sequence } from '../sequence.js';
import { Services, type Command } from '../services.js';
import { modelViews } from '../views.js';
import { FaultyRound, nothingSeen, type Seen } from './faulty-round.js';
import { comeToRest } from './rest.js';
import { wrongDocuments } from './wrong-documents.js';

export interface RealEngine {
  readonly pipeline: Pipeline;
  readonly seen: Seen;
  /** Runs a sequence under ids of its own; answers which documents are wrong at the end of one of its rounds. */
  run(sequence: Sequence): Promise<readonly string[]>;
}

export async function openRealEngine(): Promise<RealEngine> {
  const [first, ...more] = modelViews.map(({ declared }) => declared);
  if (first === undefined) throw new Error('The model has no views.');
  const pipeline = await openPipeline({ sources: modelSources, view: first, more });
  const seen = nothingSeen();
  let sequences = 0;
  return {
    pipeline,
    seen,
    run: async ({ standing, rounds }) => {
      const prefix = `${++sequences}-`;
      const services = new Services(prefix);
      const execute = (commands: readonly Command[]): readonly Envelope[] =>
        commands.flatMap((command) => services.execute(command) ?? []);
      const past = [...execute(standing)];
      await comeToRest(pipeline, { messages: past });
      for (const round of rounds) {
        seen.rounds += 1;
        const events = execute(round.commands);
        await new FaultyRound(pipeline, round, seen).run(events, past);
        past.push(...events);
        const wrong = await wrongDocuments(pipeline, services.shop(), prefix);
        if (wrong.length > 0) return wrong;
      }
      return [];
    },
  };
}
