// More jobs than a server keeps in mind come and go while Elasticsearch takes nothing: each has its summary there in
// the end, once, also where the server is killed meanwhile.
import { connect, createMapping } from '../../lib/sinks/elasticsearch';
import { startChaosProxy, type ChaosProxy, type Fault } from '../support/chaos-proxy';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { temporaryFolder } from '../support/folder';
import { eventually, serversIn, type RunningServer } from '../support/monitoring-server';

const folder = temporaryFolder();
const servers = serversIn(folder);
/** By hand 3000, as many as were seen to get lost. */
const JOBS = Number(process.env['NVPULSE_TEST_JOBS'] ?? 1300);
const AT_ONCE = 8;
const USED = 'has ended; an id names one window';
const proxies: ChaosProxy[] = [];
afterAll(() => Promise.all(proxies.map((proxy) => proxy.close())));

describeWithElasticsearch('many jobs while Elasticsearch is away', {}, (elasticsearch) => {
  beforeAll(async () => {
    const client = await connect({ url: elasticsearch.url });
    await createMapping({ client });
    await client.close();
  });

  async function startAndStop({ client }: RunningServer): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let number = next++; number < JOBS; number = next++) {
        await client.start({ id: `job-${number}` });
        await client.stop(`job-${number}`, { status: `${number}` });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** Ids of the jobs whose summaries are there. */
  async function summaries(): Promise<readonly string[]> {
    await elasticsearch.request('POST', '/jobmetrics/_refresh');
    const { body } = await elasticsearch.request('POST', '/jobmetrics/_search', {
      size: 10_000,
      query: { term: { entity: 'window' } },
      _source: ['job'],
    });
    return body.hits.hits.map(({ _source }: { _source: { job: readonly string[] } }) => String(_source.job));
  }

  test('all summaries arrive once, and no id can be started again', async () => {
    let fault: Fault = '503';
    const proxy = await startChaosProxy(elasticsearch.url, ({ path }) =>
      path.includes('_bulk') ? fault : 'pass',
    );
    proxies.push(proxy);
    const options = { profile: 't4', args: ['--url', proxy.url, '--background', 'off'] };
    const first = await servers.start('many', options);
    await startAndStop(first);
    await first.kill();
    const second = await servers.start('many', options);
    expect(await second.client.show('job-0')).toMatchObject({ state: 'ended', status: '0' });
    await expect(second.client.start({ id: 'job-0' })).rejects.toThrow(USED);
    fault = 'pass';
    await eventually(async () => {
      const { export: sink } = await second.client.health();
      return sink?.state === 'idle' && sink.documents > 0 ? true : undefined;
    });
    const expected = Array.from({ length: JOBS }, (_, number) => `job-${number}`);
    expect([...(await summaries())].sort()).toEqual(expected.sort());
    const forgotten = await eventually(async () => {
      const jobs = await second.client.list();
      return jobs.length === 1000 ? expected.find((id) => !jobs.some((job) => job.id === id)) : undefined;
    });
    await second.kill();
    const third = await servers.start('many', options);
    await expect(third.client.start({ id: forgotten })).rejects.toThrow(USED);
    await expect(third.client.show(forgotten)).rejects.toThrow('no longer remembered');
    await third.stop();
  });
});
