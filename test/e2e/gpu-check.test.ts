// The check for a real GPU, as it would run there: the folder is made, and used where there is no clone. The simulator
// is the driver; nvidia-ml-py reads it as it would a driver's library, and so does the stand-in for nvidia-smi.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { metricsOf } from '../../lib/catalog';
import { simulate, type Simulation } from '../../lib/testing';
import type { Comparison } from '../../scripts/gpu-check/on-gpu/compare';
import type { Result } from '../../scripts/gpu-check/on-gpu/result';
import { NVIDIA_ML_PY } from '../support/nvidia-ml-py';
import { describeWithPython } from '../support/python';

const ROOT = join(__dirname, '..', '..');
const BUILD = join(ROOT, 'scripts/gpu-check/build.js');
const NVIDIA_SMI = join(ROOT, 'test/fixtures/nvidia-smi');
const TORCH = join(ROOT, 'test/fixtures/torch');
/** Above what the check may take by itself: a neighbour may be busy. */
const LIMIT__MS = 300_000;

let work: string;
let folder: string;

interface Checked {
  readonly code: number | null;
  readonly stderr: string;
  readonly result: Result;
  readonly page: string;
  readonly name: string;
}

/** Runs the folder's command with this environment, and nothing of ours. */
async function check(env: Readonly<Record<string, string>>): Promise<Checked> {
  const out = mkdtempSync(join(work, 'out-'));
  const child = spawn(join(folder, 'gpu-check'), ['--out', out], { cwd: '/', env });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const files = readdirSync(out).sort();
  const name = files[0]?.replace(/\.json$/, '') ?? '';
  expect(files).toEqual([`${name}.json`, `${name}.md`]);
  const [json, page] = files.map((file) => readFileSync(join(out, file), 'utf8'));
  return { code, stderr, result: JSON.parse(json ?? ''), page: page ?? '', name };
}

const differing = ({ result }: Checked): readonly Comparison[] =>
  result.comparisons.filter(({ verdict }) => verdict === 'differs');

/** The metrics of GPU 0 for which the comparison with a peer has this verdict. */
const metricsWith = ({ result }: Checked, peer: string, verdict: string): readonly string[] =>
  result.comparisons
    .filter((line) => line.with === peer && line.verdict === verdict && line.gpu === 0)
    .map(({ metric }) => metric);

const PATH = process.env['PATH'] ?? '';
const GPU_METRICS = metricsOf('gpu').map(({ name }) => name as string);

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'nvpulse-gpu-check-'));
  folder = join(work, 'gpu-check');
  // How well it is packed is measured when it is handed out.
  const env = { ...process.env, XZ_OPT: '-0' };
  execFileSync(process.execPath, [BUILD, '--out', folder, '--own-build'], { env, stdio: 'pipe' });
}, LIMIT__MS);

afterAll(() => rmSync(work, { recursive: true, force: true }));

test('the folder holds Node, nvpulse and what it needs at run time, in less than 45 MiB', () => {
  expect(readdirSync(folder).sort()).toEqual(['check', 'gpu-check', 'node', 'node_modules']);
  expect(statSync(`${folder}.tar.xz`).size).toBeLessThan(45 * 2 ** 20);
  const packages = readdirSync(join(folder, 'node_modules'));
  expect(packages).toEqual(expect.arrayContaining(['nvpulse', 'yaml', 'commander']));
  expect(packages).not.toContain('typescript');
  expect(JSON.parse(readFileSync(join(folder, 'check/build.json'), 'utf8'))).toEqual({
    nvpulse: '0.1.0',
    commit: expect.any(String),
    node: process.version,
    glibc: expect.stringMatching(/^2\.\d+$/),
  });
});

test('making it refuses a folder with something in it, and wrong use', () => {
  const build = (...args: string[]): string => {
    const { status, stderr } = spawnSync(process.execPath, [BUILD, ...args], { encoding: 'utf8' });
    expect(status).toBe(1);
    return stderr;
  };
  expect(build('--out', folder, '--own-build')).toContain('is not empty; give a new folder');
  expect(build()).toContain('--out is missing');
  expect(build('--into', folder)).toContain('usage: npm run gpu-check -- --out DIR');
});

describeWithPython('beside nvidia-smi and nvidia-ml-py', [NVIDIA_ML_PY], (python) => {
  const environment = (
    simulation: Simulation,
    more: Record<string, string> = {},
  ): Record<string, string> => ({
    ...simulation.env,
    PYTHONPATH: python.folder,
    PYTHONDONTWRITEBYTECODE: '1',
    PATH: NVIDIA_SMI + delimiter + PATH,
    ...more,
  });

  test(
    'every metric of the catalog has its line, and values that move are equal, under load too',
    async () => {
      const torch = { PYTHONPATH: python.folder + delimiter + TORCH };
      const checked = await check(environment(simulate({ profile: 'h200x3' }), torch));
      expect(differing(checked)).toEqual([]);
      expect(checked.code).toBe(0);
      const { result, page, name } = checked;
      expect(name).toMatch(/^simulated-nvidia-h200-x3-580\.126\.20-\d{8}$/);
      expect(result.gpus).toHaveLength(3);
      expect(result.comparisons).toHaveLength(2 * 3 * 2 * GPU_METRICS.length);
      expect(metricsWith(checked, 'nvidia-ml-py', 'equal')).toEqual([...GPU_METRICS, ...GPU_METRICS]);
      // The stand-in lacks one field, nvidia-smi the others.
      expect(
        result.comparisons
          .filter((line) => line.gpu === 0 && line.verdict === 'not comparable' && line.when === 'under load')
          .map(({ metric, reason }) => [metric, reason]),
      ).toEqual([
        ['memory_temperature__C', 'this nvidia-smi has no field temperature.memory'],
        ['process_num', 'nvidia-smi has no query field for it'],
        ['energy__J', 'nvidia-smi has no query field for it'],
      ]);
      const fan = result.comparisons.find(({ metric }) => metric === 'fan_speed__pct');
      expect(fan?.reason).toContain('neither has a value');
      const [power] = result.comparisons.filter(({ metric }) => metric === 'power_draw__W');
      expect(power?.rounds.at(-1)?.theirs).toBeGreaterThan(190);
      // Costs, changes, and a run.
      expect(result.missing).toEqual([]);
      expect(result.diagnoses.map(({ when }) => when)).toEqual(['as found', 'under load']);
      const [diagnosed] = result.diagnoses;
      const gpu = diagnosed?.diagnosis.entities.find(({ entity }) => entity === 'gpu');
      expect(gpu?.metrics.find((metric) => metric.name === 'energy__J')).toMatchObject({
        call: 'nvmlDeviceGetTotalEnergyConsumption',
        refresh: { state: 'observed' },
      });
      expect(diagnosed?.diagnosis.calls.find((call) => call.name.startsWith('nvmlInit'))?.count).toBe(1);
      expect(result.run).toMatchObject({
        load: 'torch stand-in, 4096 x 4096 in half precision on a simulated GPU',
        exit: 0,
        summary: { job: { exitCode: 0 }, sampler: { interval__ms: 10 } },
      });
      expect(page).toContain('# SIMULATED: 3 × NVIDIA H200, driver 580.126.20');
      expect(page).toMatch(/\| 2 \| power_draw__W \| nvidia-smi \| as found \| equal \|/);
    },
    LIMIT__MS,
  );

  test(
    'a value that is wrong by one unit differs, and the command fails',
    async () => {
      const add = { STAND_IN_ADD: 'power.draw:1' };
      const checked = await check(environment(simulate({ profile: 'h200x1' }), add));
      expect(checked.result.run).toMatchObject({
        load: 'an idle sleep',
        without: expect.stringContaining('torch'),
      });
      expect(differing(checked).map((line) => [line.metric, line.with])).toEqual([
        ['power_draw__W', 'nvidia-smi'],
      ]);
      expect(checked.code).toBe(1);
      expect(checked.page).toContain('## What differs');
      expect(checked.stderr).toContain('1 differ');
    },
    LIMIT__MS,
  );

  test(
    'an old driver’s gaps are gaps for both: a GPU without memory rights, one without power',
    async () => {
      const checked = await check(environment(simulate({ profile: 'odd' })));
      expect(differing(checked).filter((line) => line.with === 'nvidia-ml-py')).toEqual([]);
      expect(metricsWith(checked, 'nvidia-ml-py', 'equal')).toEqual(GPU_METRICS);
    },
    LIMIT__MS,
  );

  test(
    'a driver that hangs, and an nvidia-smi that never answers, do not hold it up',
    async () => {
      const faults = 'call=DeviceGetTemperature,gpu=0,hang';
      const simulation = simulate({ profile: 'h200x1', faults });
      const checked = await check(environment(simulation, { STAND_IN_HANG: '1' }));
      expect(checked.code).toBe(0);
      expect(metricsWith(checked, 'nvidia-smi', 'equal')).toEqual([]);
      const reasons = new Set(checked.result.comparisons.map(({ reason }) => reason));
      expect([...reasons]).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^nvidia-smi did not end within \d+ s$/),
          expect.stringMatching(/^python3 did not answer within \d+ s$/),
        ]),
      );
      expect(checked.result.took__s).toBeLessThan(180);
    },
    LIMIT__MS,
  );
});

test(
  'without a GPU, nvidia-smi and Python it says so, and measures what is left',
  async () => {
    const tools = join(work, 'tools');
    mkdirSync(tools);
    for (const tool of ['dirname', 'sh', 'uname', 'head'])
      execFileSync('ln', [
        '-s',
        execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(),
        tools,
      ]);
    const { code, result, page, name } = await check({ PATH: tools });
    expect(code).toBe(0);
    expect(result.gpus).toEqual([]);
    expect(result.peers).toEqual([
      { name: 'nvidia-smi', about: 'not there: nvidia-smi is not on PATH' },
      { name: 'nvidia-ml-py', about: 'not there: python3 is not on PATH' },
    ]);
    expect(result.run).toMatchObject({ load: 'an idle sleep', exit: 0 });
    expect(result.missing).toEqual([expect.stringContaining('a look under load')]);
    expect(name).toMatch(/^no-gpu-\d{8}$/);
    expect(page).toContain('# no GPU');
    expect(existsSync(join(folder, 'results'))).toBe(false);
  },
  LIMIT__MS,
);
