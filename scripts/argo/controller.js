'use strict';
// The code of Argo's own controller, from its module, with the driver (drive_test.go) compiled into it.
const { execFile, execFileSync } = require('node:child_process');
const {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { promisify } = require('node:util');

const MODULE = 'github.com/argoproj/argo-workflows/v3';
const VERSION = 'v3.7.4';
const PROCESSES = 6;

const go = (cwd, ...args) =>
  execFileSync('go', args, {
    cwd,
    // Its archive of workflows, in C, takes minutes to compile, and is not asked.
    env: { ...process.env, CGO_ENABLED: '0' },
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/**
 * A copy of the module's sources in a temporary folder, since modules are read-only, and the compiled driver.
 * `run(cases)` gives, in time, an outcome for each case, see drive_test.go; `examples` is the folder of Argo's examples.
 */
function makeController() {
  const work = mkdtempSync(join(tmpdir(), 'nvpulse-argo-'));
  const source = join(work, 'argo');
  try {
    writeFileSync(join(work, 'go.mod'), 'module nvpulse-argo\n');
    const { Dir } = JSON.parse(go(work, 'mod', 'download', '-json', `${MODULE}@${VERSION}`));
    mkdirSync(source);
    cpSync(Dir, source, { recursive: true });
    execFileSync('chmod', ['-R', 'u+w', source]);
    // The pages of its server are built elsewhere, and embedded.
    mkdirSync(join(source, 'ui', 'dist', 'app'), { recursive: true });
    writeFileSync(join(source, 'ui', 'dist', 'app', 'index.html'), '');
    const controller = join(source, 'workflow', 'controller');
    cpSync(join(__dirname, 'drive_test.go'), join(controller, 'nvpulse_drive_test.go'));
    const program = join(work, 'drive');
    // Without the folder's name in it, what was compiled before is found again.
    go(source, 'test', '-c', '-trimpath', '-ldflags=-s -w', '-o', program, './workflow/controller');
    return {
      version: VERSION,
      examples: join(source, 'examples'),
      run: (cases) => outcomesOf(cases, (distinct) => runBeside(program, controller, work, distinct)),
      remove: () => rmSync(work, { recursive: true, force: true }),
    };
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}

/** Each case once, however often it is asked for. */
async function outcomesOf(cases, run) {
  const keys = cases.map((one) => JSON.stringify(one));
  const distinct = [...new Set(keys)];
  const outcomes = await run(distinct.map((key) => JSON.parse(key)));
  const at = new Map(distinct.map((key, index) => [key, index]));
  return keys.map((key) => outcomes[at.get(key)]);
}

/** In several processes, since a controller mostly waits. */
async function runBeside(program, cwd, work, cases) {
  const size = Math.ceil(cases.length / PROCESSES);
  const parts = Array.from({ length: PROCESSES }, (_, at) => cases.slice(at * size, (at + 1) * size));
  const outcomes = parts.map((part, at) => run(program, cwd, mkdtempSync(join(work, `run-${at}-`)), part));
  return (await Promise.all(outcomes)).flat();
}

async function run(program, cwd, work, cases) {
  const files = { NVPULSE_ARGO_CASES: join(work, 'cases'), NVPULSE_ARGO_OUTCOMES: join(work, 'outcomes') };
  writeFileSync(files.NVPULSE_ARGO_CASES, JSON.stringify(cases));
  const args = ['-test.run', '^TestNvpulseDrive$', '-test.timeout', '60m'];
  // Its log is megabytes, and of use only where it fails.
  const log = join(work, 'log');
  try {
    await promisify(execFile)('sh', ['-c', 'exec "$0" "$@" >"$LOG" 2>&1', program, ...args], {
      cwd,
      env: { ...process.env, ...files, LOG: log },
    });
  } catch (error) {
    const tail = existsSync(log) ? readFileSync(log, 'utf8').slice(-4000) : '';
    throw new Error(`the driver failed: ${error.message}\n${tail}`, { cause: error });
  }
  return JSON.parse(readFileSync(files.NVPULSE_ARGO_OUTCOMES, 'utf8'));
}

module.exports = { makeController };
