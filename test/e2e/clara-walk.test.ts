// The commands of docs/CLARA.md, in their order and in one shell, as a newcomer would type them; in the end the
// dashboards' queries find the job.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dashboard, PlacedPanel } from '../../lib/grafana';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { ALL, intervalOf, rowsOf, run, searchOf, seriesOf, type View } from '../support/grafana-query';

const ROOT = join(__dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'CLARA.md'), 'utf8');
const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '');

interface Walked {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** All in a process group of their own, which is gone afterwards whatever happened. */
function walk(env: Readonly<Record<string, string>>): Promise<Walked> {
  const script = ['set -euo pipefail', ...blocks].join('\n');
  const shell = spawn('bash', ['-c', script], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, NVPULSE_NVML: undefined, NVPULSE_TOKEN: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return new Promise((resolve, reject) => {
    shell.on('error', reject);
    // A command that failed leaves the server behind, which holds the pipes.
    shell.on('exit', (code) => {
      if (code !== 0 && shell.pid !== undefined) killGroup(shell.pid);
    });
    shell.on('close', (code) => resolve({ code, ...output }));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const dashboardOf = (name: string): Dashboard =>
  JSON.parse(
    readFileSync(
      join(ROOT, 'deploy', 'grafana', 'provisioning', 'dashboards', 'nvpulse', `${name}.json`),
      'utf8',
    ),
  );
const panelOf = ({ panels }: Dashboard, title: string): PlacedPanel => {
  // Closed rows hold their panels.
  const all = panels.flatMap((panel) => (panel.type === 'row' ? [panel, ...panel.panels] : [panel]));
  const found = all.find((panel) => panel.type !== 'row' && panel.type !== 'stat' && panel.title === title);
  if (!found || found.type === 'row') throw new Error(`there is no panel “${title}”`);
  return found;
};

describeWithElasticsearch('docs/CLARA.md', {}, (elasticsearch) => {
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-clara-'));
  const work = join(folder, 'work');
  let walked: Walked;
  let view: View;
  beforeAll(async () => {
    mkdirSync(work);
    const from__ms = Date.now();
    walked = await walk({
      ES_IP: '127.0.0.1',
      ES_PORT: String(elasticsearch.port),
      NODE: `127.0.0.1:${await freePort()}`,
      WORK: work,
      HOME: folder,
      XDG_STATE_HOME: join(folder, 'state'),
    });
    await elasticsearch.request('POST', '/_refresh');
    const { id } = JSON.parse(readFileSync(join(work, 'job.json'), 'utf8'));
    view = { from__ms, to__ms: Date.now(), choices: { job: id, host: ALL, name: ALL, index: ALL } };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('has the commands of the original', () => {
    for (const command of [
      /sed .*REPLACE-IP-ADDRESS.* examples\/clara\/liver-tumor-monitoring\.yaml/,
      /python3 \S*metrics\/create-mapping\.py --ip "\$ES_IP" --port "\$ES_PORT"/,
      /start_server\.sh -i \S+ -d "\$ES_IP" --port "\$ES_PORT"/,
      /python3 \S*client\.py --start -i/,
      /python3 \S*client\.py --stop -i/,
    ])
      expect(blocks.join('\n')).toMatch(command);
  });

  test('ends well', () => {
    expect({ code: walked.code, stderr: walked.code === 0 ? '' : walked.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    expect(walked.stderr).not.toContain('warning');
  });

  test('the original’s query answers, by hand, with a utilization', () => {
    const answer = JSON.parse(/\{"aggregations".*\}/.exec(walked.stdout)![0]);
    // GPU 3 of the simulated machine is at 15 or at 91 %.
    expect(answer.aggregations.average.value).toBeGreaterThan(15);
    expect(answer.aggregations.average.value).toBeLessThan(91);
  });

  test.each([
    ['GPU utilization', 12, 95],
    ['Power draw', 200, 635],
    ['GPU temperature', 36, 79],
    ['Memory used', 10_000, 123_584],
  ])('“%s” of the job shows eight GPUs', async (title, low, high) => {
    const [query] = panelOf(dashboardOf('job'), title).targets;
    const [found] = await run(elasticsearch, [
      searchOf(query!, view, intervalOf(query!, view, 800, '100ms')),
    ]);
    const series = seriesOf(query!, found!);
    expect(series.map(({ labels }) => labels['index'])).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    const values = series.flatMap(({ points }) =>
      points.flatMap(({ value }) => (value === null ? [] : [value])),
    );
    expect(values.length).toBeGreaterThan(80);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...values)).toBeLessThanOrEqual(high);
  });

  test('its summary stands among the jobs to compare', async () => {
    const [query] = panelOf(dashboardOf('compare'), 'Jobs, the newest on top').targets;
    const [found] = await run(elasticsearch, [searchOf(query!, view, 1000)]);
    const rows = rowsOf(query!, found!);
    expect(rows).toEqual([
      expect.objectContaining({
        job: view.choices['job'],
        job_name: 'liver-tumor-pipeline',
        gpu_scope: 'node',
      }),
    ]);
    expect(rows[0]!['Average duration__s']).toBeGreaterThan(10);
    expect(rows[0]!['Average gpu_energy__J']).toBeGreaterThan(10 * 8 * 200);
  });
});
