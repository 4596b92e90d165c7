// Rounds of kill -9, by hand: of the server, of `run`, of `export`, of the client, of Elasticsearch; each at a moment
// that chance picks. After each round every row of its recordings stands in Elasticsearch exactly once, and every
// window; test/python/check_delivery.py looks, which shares no code with nvpulse.
// NVPULSE_SOAK_ROUNDS rounds of each (20 unless told), NVPULSE_SOAK_SEED to see the same again (as far as timing allows).
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import { createMapping } from '../../lib/sinks/elasticsearch';
import { generator } from '../support/chaos-proxy';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { describeWithout } from '../support/missing';
import { eventually, serversIn, type RunningServer } from '../support/monitoring-server';
import { nvpulseIn, stateFolder, type Ending } from '../support/nvpulse';
import { packages } from '../support/python';

const ROUNDS = Number(process.env['NVPULSE_SOAK_ROUNDS'] ?? 20);
const SEED = Number(process.env['NVPULSE_SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const CHECKER = readFileSync(join(__dirname, '..', 'python', 'check_delivery.py'), 'utf8');
const ROUND__MS = 600_000;

interface Found {
  readonly rows: number;
  readonly missing: { readonly count: number };
  readonly twice: { readonly count: number };
  readonly unknown: { readonly count: number };
  readonly different: { readonly count: number };
  readonly jobs: readonly string[];
  readonly windows: readonly string[];
}

const python = packages(['pyarrow==26.0.0']);
if ('python' in python) rounds(python.python);
else describeWithout('kills', python.reason);

function rounds(checker: Extract<typeof python, { python: unknown }>['python']): void {
  describeWithElasticsearch('after kill -9', { restarts: true }, (elasticsearch) => {
    const random = generator(SEED);
    const between = (least: number, most: number): number =>
      least + Math.floor(random() * (most - least + 1));
    const state = stateFolder();
    const servers = serversIn(state);

    beforeAll(async () => {
      process.stderr.write(`kills: seed ${SEED}\n`);
      const client = new Client({ node: elasticsearch.url });
      await createMapping({ client });
      await client.close();
    }, ROUND__MS);

    /** Every row once, every window once. */
    function expectAllOnce(host: string, recordings: readonly string[], told: string): void {
      const found = checker.json(CHECKER, { args: [elasticsearch.url, host, ...recordings] }) as Found;
      const { rows, missing, twice, unknown, different, jobs, windows } = found;
      process.stderr.write(`${told}: ${rows} rows, ${windows.length} windows, each once\n`);
      const none = expect.objectContaining({ count: 0 }) as unknown;
      expect({ missing, twice, unknown, different }).toEqual({
        missing: none,
        twice: none,
        unknown: none,
        different: none,
      });
      expect(windows.filter((job) => jobs.includes(job))).toEqual(jobs);
      expect(rows).toBeGreaterThan(0);
    }

    const each = (name: string, round: (number: number) => Promise<void>): void => {
      for (let number = 1; number <= ROUNDS; number++)
        test(`${name} ${number}`, () => round(number), ROUND__MS);
    };

    /** A server whose documents are its rows, and none while no job is open. */
    function start(name: string): Promise<RunningServer> {
      const { url } = elasticsearch;
      const sampling = ['-i', '20ms', '--resolution', '1ms', '--background', 'off'];
      return servers.start(name, {
        profile: 'h200x2',
        args: [...sampling, '--host-name', name, '--url', url],
      });
    }

    /** Each row becomes a document. */
    const exportOf = (dir: string): readonly string[] => {
      const { url } = elasticsearch;
      return ['export', dir, '--to', 'elasticsearch', '--url', url, '--resolution', '1ms'];
    };

    /** The server has recorded, and Elasticsearch taken, all that there is. */
    async function delivered(server: RunningServer): Promise<void> {
      await eventually(async () => {
        const { open_jobs, export: sink } = await server.client.health();
        return open_jobs === 0 && sink?.state === 'idle' ? true : undefined;
      });
    }

    /** It stops, and sends what it recorded last. */
    async function settled(server: RunningServer): Promise<void> {
      await delivered(server);
      await server.stop();
    }

    const spoolOf = (name: string): readonly string[] => pathsIn(join(state, name, 'spool'));

    each('the server', async (number) => {
      const name = `server-${number}`;
      let server = await start(name);
      const jobs = ['a', 'b', 'c'].map((letter) => `${name}-${letter}`);
      let kills = 0;
      for (const job of jobs) {
        await server.client.start({ id: job });
        await setTimeout(between(100, 1500));
        if (random() < 0.3) continue;
        await server.kill();
        kills++;
        server = await start(name);
      }
      for (const job of jobs) await server.client.stop(job);
      await setTimeout(between(0, 1000));
      await server.kill();
      server = await start(name);
      await delivered(server);
      await server.stop();
      expectAllOnce(name, spoolOf(name), `server ${number}: killed ${kills + 1} times`);
    });

    each('nvpulse run', async (number) => {
      const dir = join(state, `run-${number}`);
      const { start: begin, run } = nvpulseIn(state);
      const { child, ended } = begin([
        ...['run', '-i', '20ms', '--simulate', 'h200x2', '-o', dir, '--', 'sh', '-c'],
        'for n in $(seq 40); do sleep 0.1; done',
      ]);
      await eventually(() => (recordedWindow(dir) ? true : undefined));
      await setTimeout(between(0, 2500));
      child.kill('SIGKILL');
      await ended;
      // Nothing was written for a while, so that nothing is waited for any more.
      const long__s = Date.now() / 1000 - 600;
      for (const file of pathsIn(dir)) utimesSync(file, long__s, long__s);
      expect(await run(exportOf(dir))).toMatchObject({ code: 0 });
      expectAllOnce(hostname(), [dir], `run ${number}`);
    });

    each('nvpulse export', async (number) => {
      const name = `export-${number}`;
      const dir = join(state, name);
      const { start: begin, run } = nvpulseIn(state);
      const recorded = await run([
        ...['record', '-i', '5ms', '--for', '1500ms', '--simulate', 'h200x2', '--host-name', name, '-o', dir],
      ]);
      expect(recorded).toMatchObject({ code: 0 });
      let cut = 0;
      for (let tries = between(1, 4); tries > 0; tries--) {
        const { child, ended } = begin(exportOf(dir));
        await Promise.race([ended, setTimeout(between(200, 2000))]);
        child.kill('SIGKILL');
        if ((await ended).signal === 'SIGKILL') cut++;
      }
      expect(await run(exportOf(dir))).toMatchObject({ code: 0 });
      expectAllOnce(name, [dir], `export ${number}: killed ${cut} times`);
    });

    each('the client', async (number) => {
      const name = `client-${number}`;
      const server = await start(name);
      const { start: begin, run } = nvpulseIn(state);
      const killed = async (args: readonly string[]): Promise<Ending> => {
        const { child, ended } = begin(args);
        await Promise.race([ended, setTimeout(between(50, 600))]);
        child.kill('SIGKILL');
        return ended;
      };
      for (const job of [`${name}-a`, `${name}-b`]) {
        const of = ['-i', server.host, '--job', job, '--strict'];
        await killed(['client', '--start', ...of]);
        expect(await run(['client', '--start', ...of])).toMatchObject({ code: 0 });
        await setTimeout(between(0, 500));
        await killed(['client', '--stop', ...of]);
        expect(await run(['client', '--stop', ...of, '--wait', '60s'])).toMatchObject({ code: 0 });
      }
      await settled(server);
      expectAllOnce(name, spoolOf(name), `client ${number}`);
    });

    each('Elasticsearch', async (number) => {
      const name = `elasticsearch-${number}`;
      const server = await start(name);
      const jobs = ['a', 'b'].map((letter) => `${name}-${letter}`);
      for (const job of jobs) await server.client.start({ id: job });
      await setTimeout(between(0, 3000));
      const restarted = elasticsearch.restart();
      await setTimeout(between(0, 3000));
      await server.client.stop(jobs[0] ?? '');
      await restarted;
      await server.client.stop(jobs[1] ?? '');
      await settled(server);
      expectAllOnce(name, spoolOf(name), `elasticsearch ${number}`);
    });
  });
}

const pathsIn = (folder: string): readonly string[] => readdirSync(folder).map((name) => join(folder, name));

/** The recording knows of its job: what is cut from then on has a window. */
function recordedWindow(dir: string): boolean {
  try {
    return readFileSync(join(dir, 'events.ndjson'), 'utf8').includes('"window_start"');
  } catch {
    return false;
  }
}
