import { eventually } from '#testing';
import { testInstallation, type TestInstallation } from './testing.js';

describe('one command, followed through the logs of a whole installation', () => {
  let apps: TestInstallation;

  beforeAll(async () => {
    apps = await testInstallation({}, { LOG_LEVEL: 'debug' });
    await apps.startAll();
  }, 120_000);

  afterAll(async () => {
    await apps.dispose();
  }, 60_000);

  it('has one trace id from the request to the projector, and one event id from the commit to there', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const answer = await fetch(`${apps.commandUrl}/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      body: JSON.stringify({ sku: 'TR-1', name: 'Traced lamp', price: 1995 }),
    });
    expect(answer.status).toBe(201);
    const written = answer.headers.get('prejoin-wrote');
    const { id } = (await answer.json()) as { id: string };

    const said = (app: 'command-api' | 'projector', msg: string) =>
      apps.logOf(app).filter((line) => line['msg'] === msg && line['traceId'] === traceId);
    await eventually(() => expect(said('projector', 'Event handled')).toHaveLength(2));

    expect(said('command-api', 'Answered')).toMatchObject([{ status: 201, written }]);
    const committed = said('command-api', 'Event committed');
    expect(committed).toMatchObject([
      { source: 'product', id, version: 1 },
      { source: 'stock', id, version: 1 },
    ]);
    const eventIds = (lines: typeof committed) => new Set(lines.map((line) => line['eventId']));
    expect(eventIds(committed).size).toBe(2);
    expect(eventIds(said('projector', 'Event handled'))).toEqual(eventIds(committed));
  }, 60_000);
});
