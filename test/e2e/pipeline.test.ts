// nvpulse pipeline, and the examples that ship: the monitored ones are what the tool makes of the plain ones.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { addMonitoring, removeMonitoring, type AddMonitoringOptions } from '../../lib/pipeline';
import { nvpulseIn, stateFolder } from '../support/nvpulse';
import { argoOrder, claraOrder } from '../support/pipelines';

const EXAMPLES = join(__dirname, '..', '..', 'examples');
const CLARA = join(EXAMPLES, 'clara', 'liver-tumor-pipeline.yaml');
const CLARA_MONITORING = join(EXAMPLES, 'clara', 'liver-tumor-monitoring.yaml');
const ARGO = join(EXAMPLES, 'argo', 'liver-tumor-pipeline.yaml');
const ARGO_MONITORING = join(EXAMPLES, 'argo', 'liver-tumor-monitoring.yaml');
const OPERATORS = [
  'dicom-reader',
  'liver-tumor-segmentation',
  'dicom-writer',
  'register-dicom-output',
  'register-volume-images-for-rendering',
];

const state = stateFolder();
const { run } = nvpulseIn(state);
const read = (path: string): string => readFileSync(path, 'utf8');

/** What Argo's models find wrong with the objects of a text. */
function problemsOf(text: string): unknown {
  const objects = parseAllDocuments(text).map((document) => document.toJS());
  const script = join(__dirname, '..', 'support', 'argo-models.mjs');
  return JSON.parse(
    execFileSync(process.execPath, [script], { input: JSON.stringify(objects), encoding: 'utf8' }),
  );
}

describe('examples', () => {
  test.each([
    // Clara's come with sed, which replaces the placeholder.
    ['Clara', CLARA, CLARA_MONITORING, [], /^$/],
    [
      'Argo',
      ARGO,
      ARGO_MONITORING,
      ['--token-secret', 'nvpulse-token'],
      /^nvpulse pipeline add-monitoring: warning: \S+:\d+:\d+: [^\n]*REPLACE-IP-ADDRESS[^\n]*\n[^\n]* warning: [^\n]* may have parallelism[^\n]*\n$/,
    ],
  ])('%s: the second is the first with monitoring', async (_, plain, monitoring, options, said) => {
    const added = await run(['pipeline', 'add-monitoring', plain, ...options]);
    expect(added).toMatchObject({ code: 0, stdout: read(monitoring) });
    expect(added.stderr).toMatch(said);
    const removed = await run(['pipeline', 'remove-monitoring', monitoring]);
    expect(removed).toMatchObject({ code: 0, stderr: '', stdout: read(plain) });
  });

  test("the original's sed and --host make the same of Clara's", async () => {
    const sed = execFileSync('sed', ['s/REPLACE-IP-ADDRESS/10.0.0.7/', CLARA_MONITORING], {
      encoding: 'utf8',
    });
    const added = await run(['pipeline', 'add-monitoring', CLARA, '--host', '10.0.0.7']);
    expect(added.stdout).toBe(sed);
    expect(sed).not.toContain('REPLACE');
    const { operators } = parse(sed);
    for (const { container, name } of operators)
      if (name.startsWith('monitor-'))
        expect(container.command.slice(0, 2)).toEqual(['python3', 'client.py']);
  });

  test("Clara: the version and the format of the original's page", () => {
    const { 'api-version': version, operators } = parse(read(CLARA_MONITORING));
    expect(version).toBe('0.3.0');
    expect(operators[1]).toMatchObject({
      name: 'dicom-reader',
      variables: { NVIDIA_CLARA_DCM_TO_FORMAT: 'nii.gz' },
    });
  });

  test('Clara: all operators of the original, between the stages', () => {
    const order = claraOrder(read(CLARA_MONITORING));
    expect([...order.keys()]).toEqual(['monitor-start', ...OPERATORS, 'monitor-stop']);
    for (const name of OPERATORS) {
      expect(order.get(name)).toContain('monitor-start');
      expect(order.get('monitor-stop')).toContain(name);
    }
  });

  test('Argo: the same', () => {
    const order = argoOrder(read(ARGO_MONITORING));
    for (const name of OPERATORS) {
      expect(order.get(name)).toContain('monitor-start');
      expect(order.get('monitor-stop')).toContain(name);
    }
  });

  test('every YAML file there is one of these', () => {
    for (const folder of ['clara', 'argo'])
      expect(readdirSync(join(EXAMPLES, folder)).filter((name) => name.endsWith('.yaml'))).toEqual([
        'liver-tumor-monitoring.yaml',
        'liver-tumor-pipeline.yaml',
      ]);
  });
});

describe("Argo's models", () => {
  test.each<AddMonitoringOptions>([
    {},
    { tokenSecret: 'nvpulse-token' },
    { perStep: true },
    { from: 'liver-tumor-segmentation', to: 'dicom-writer' },
    { from: 'dicom-reader', to: 'dicom-reader', perStep: true },
  ])('find nothing wrong with %j', (options) => {
    expect(problemsOf(addMonitoring(read(ARGO), options))).toEqual([[]]);
  });

  test('find nothing wrong with steps, hooks and crons', () => {
    const text = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 3 * * *"]
  workflowSpec:
    entrypoint: main
    hooks: {exit: {template: work}}
    templates:
    - name: main
      inputs: {artifacts: [{name: model, path: /m, optional: true}]}
      steps:
      - [{name: a, template: work, hooks: {exit: {template: work}}}]
      - [{name: b, template: work, when: "true"}]
    - {name: work, container: {image: i}}
`;
    expect(problemsOf(addMonitoring(text, { perStep: true, from: 'a', to: 'a' }))).toEqual([[]]);
  });

  test('find what is wrong, a misspelt field too', () => {
    const text = read(ARGO_MONITORING);
    expect(problemsOf(text.replace('timeout: 5m', 'timeout: 5'))).toEqual([
      [expect.stringContaining('timeout must be string')],
    ]);
    expect(problemsOf(text.replace('timeout:', 'timeouts:'))).toEqual([
      [expect.stringContaining('timeouts is no field')],
    ]);
  });
});

describe('files', () => {
  test('standard input and output', async () => {
    const added = await run(['pipeline', 'add-monitoring', '-', '-o', '-'], { input: read(CLARA) });
    expect(added).toMatchObject({ code: 0, stdout: read(CLARA_MONITORING) });
    const broken = await run(['pipeline', 'add-monitoring', '-'], { input: 'a: [' });
    expect(broken).toMatchObject({ code: 2, stdout: '' });
    expect(broken.stderr).toMatch(/^nvpulse pipeline add-monitoring: stdin:1:5: not YAML: [^\n]*\n$/);
  });

  test('in place, also through a link, with its mode', async () => {
    const file = join(state, 'in-place.yaml');
    const link = join(state, 'link.yaml');
    writeFileSync(file, read(CLARA));
    chmodSync(file, 0o640);
    symlinkSync(file, link);
    expect(await run(['pipeline', 'add-monitoring', link, '--host', 'n1', '-o', link])).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect(read(file)).toBe(addMonitoring(read(CLARA), { host: 'n1' }));
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(await run(['pipeline', 'remove-monitoring', file, '-o', file])).toMatchObject({ code: 0 });
    expect(read(file)).toBe(read(CLARA));
  });

  test('what is refused leaves the file as it was', async () => {
    const file = join(state, 'refused.yaml');
    writeFileSync(file, 'api-version: 0.7.0\noperators:\n- name: a\n');
    const refused = await run(['pipeline', 'add-monitoring', file, '-o', file]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toBe(
      `nvpulse pipeline add-monitoring: ${file}:1:14: api-version '0.7.0' is not known; allowed are 0.2.0, 0.3.0, 0.4.0\n`,
    );
    expect(read(file)).toContain('0.7.0');
  });

  async function oneLine(args: readonly string[], code: number, ...words: readonly string[]): Promise<void> {
    const ending = await run(['pipeline', ...args]);
    expect(ending).toMatchObject({ code, stdout: '' });
    expect(ending.stderr).toMatch(/^nvpulse pipeline[^\n]*\n$/);
    for (const word of words) expect(ending.stderr).toContain(word);
  }

  test('unknown command', () => oneLine(['x'], 2, "'x'", 'add-monitoring, remove-monitoring'));
  test('unknown option', () => oneLine(['add-monitoring', '--gpu', CLARA], 2, '--gpu', '--per-step'));
  test('no file', () => oneLine(['add-monitoring'], 2, 'file', 'nvpulse pipeline add-monitoring --help'));
  test('no such file', () =>
    oneLine(['add-monitoring', join(state, 'nowhere')], 1, 'nowhere', 'cannot be read'));
  test('a folder', () => oneLine(['remove-monitoring', state], 1, state, 'cannot be read'));
  test('a file that is no text', () => oneLine(['add-monitoring', process.execPath], 2, 'not text in UTF-8'));
  test('a place that cannot be written', () =>
    oneLine(['add-monitoring', CLARA, '-o', join(CLARA, 'x')], 1, '--output', 'cannot be written'));
  test('options by the names that they have here', async () => {
    await oneLine(['add-monitoring', CLARA, '--host', 'a b'], 2, "--host: 'a b'");
    await oneLine(
      ['add-monitoring', CLARA, '--from', 'x'],
      2,
      "--from: 'x'",
      'dicom-reader, liver-tumor-segmentation',
    );
    await oneLine(
      ['add-monitoring', ARGO, '--to', 'x'],
      2,
      "--to: 'x'",
      'dicom-reader, liver-tumor-segmentation',
    );
    await oneLine(
      ['add-monitoring', CLARA, '--token-secret', 'x'],
      2,
      "--token-secret: 'x'",
      'NVPULSE_TOKEN',
    );
  });
});

test('removing from what has no monitoring changes nothing', () => {
  for (const file of [CLARA, ARGO]) expect(removeMonitoring(read(file))).toBe(read(file));
});
