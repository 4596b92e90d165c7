// The check on the machine with the GPU: `./gpu-check [--out DIR]`. Whatever is not there is left out and said.
// Ends with 0 where nothing differs, 1 where something does or `nvpulse run` fails, 2 for wrong use.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { diagnose, Nvml, type Diagnosis } from 'nvpulse';
import { compare, type Comparison, type When } from './compare';
import { Deadline } from './deadline';
import { measureRun, startLoad, type MeasuredRun } from './load';
import { nvidiaMlPy } from './nvidia-ml-py';
import { nvidiaSmi } from './nvidia-smi';
import { pageOf } from './page';
import type { Peer } from './peer';
import { nameOf, type Build, type Result } from './result';

/** The whole ends within 3 minutes; the last part that began in time ends after it. */
const WHOLE__MS = 150_000;
const DIAGNOSE__MS = 15_000;

const say = (text: string): boolean => process.stderr.write(`${text}\n`);

class Check {
  private readonly deadline = new Deadline(WHOLE__MS);
  private readonly date = new Date();
  private readonly missing: string[] = [];
  private readonly comparisons: Comparison[] = [];
  private readonly diagnoses: { readonly when: When; readonly diagnosis: Diagnosis }[] = [];

  constructor(private readonly build: Build) {}

  async result(): Promise<Result> {
    say('opening NVML and the programs to compare with …');
    const nvml = await Nvml.open();
    const peers = [await nvidiaSmi(this.deadline), await nvidiaMlPy(this.deadline)];
    await this.look(nvml, peers, 'as found');
    say('nvpulse run -i 10ms around a load …');
    const run = await this.part('nvpulse run', () => measureRun(this.deadline));
    if (run) await this.lookUnderLoad(nvml, peers, run);
    const [gpu, gpus] = [nvml.state, nvml.devices];
    for (const peer of peers) peer.close();
    nvml.close();
    const { date, build, comparisons, diagnoses, missing } = this;
    return {
      format: 1,
      date: date.toISOString(),
      took__s: (Date.now() - date.getTime()) / 1000,
      build,
      user: process.getuid?.() ?? -1,
      gpu,
      gpus,
      peers: peers.map(({ name, about }) => ({ name, about })),
      comparisons,
      diagnoses,
      ...(run ? { run } : {}),
      missing,
    };
  }

  private async lookUnderLoad(nvml: Nvml, peers: readonly Peer[], run: MeasuredRun): Promise<void> {
    if (run.without !== undefined) return this.lacks(`a look under load: ${run.without}`);
    const load = await startLoad(this.deadline);
    if ('failed' in load) return this.lacks(`a look under load: ${load.failed}`);
    await this.look(nvml, peers, 'under load');
    load.end();
  }

  /** What each call costs and how often values change, then each peer. */
  private async look(nvml: Nvml, peers: readonly Peer[], when: When): Promise<void> {
    say(`${when}: costs of calls, and how often values change …`);
    if (this.deadline.allows(DIAGNOSE__MS)) {
      const diagnosis = await this.part(`costs ${when}`, () => diagnose());
      if (diagnosis) this.diagnoses.push({ when, diagnosis });
    } else this.lacks(`costs ${when}: no time was left`);
    for (const peer of peers) {
      say(`${when}: comparing with ${peer.name} …`);
      const comparisons = await this.part(`${peer.name} ${when}`, () =>
        compare(nvml, peer, when, this.deadline),
      );
      this.comparisons.push(...(comparisons ?? []));
    }
  }

  private lacks(text: string): void {
    this.missing.push(text);
  }

  /** A part that fails is missing; the others go on. */
  private async part<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.lacks(`${name}: ${String(error)}`);
      return undefined;
    }
  }
}

function outOf(args: readonly string[]): string {
  const { values } = parseArgs({ args: [...args], options: { out: { type: 'string' } } });
  return resolve(values.out ?? join(__dirname, '..', 'results'));
}

async function main(): Promise<number> {
  let out: string;
  try {
    out = outOf(process.argv.slice(2));
    mkdirSync(out, { recursive: true });
  } catch (error) {
    say(
      `gpu-check: ${error instanceof Error ? error.message : String(error)}\nusage: ./gpu-check [--out DIR]`,
    );
    return 2;
  }
  const build = JSON.parse(readFileSync(join(__dirname, 'build.json'), 'utf8')) as Build;
  const result = await new Check(build).result();
  const file = join(out, nameOf(result));
  writeFileSync(`${file}.json`, `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(`${file}.md`, pageOf(result));
  const differ = result.comparisons.filter(({ verdict }) => verdict === 'differs').length;
  say(`${result.comparisons.length} comparisons, ${differ} differ; see ${file}.md`);
  return differ > 0 || result.run?.exit !== 0 ? 1 : 0;
}

// A driver that hangs would keep the process.
void main().then((code) => process.exit(code));
