// nvpulse client: starts and stops monitoring from a pipeline. What goes wrong on the way is a warning, never the
// pipeline's failure, unless --strict.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { NvpulseError, parseDuration } from '../../index';
import { TIMER_MAX__MS } from '../../time';
import type { JobDocuments, MonitorClient, StartRequest } from '../../server';
import { untilToldToEnd } from '../ending';
import { readJobFile, writeJobFile } from '../client-job';
import { explain } from '../help';
import { checkedInterval, label } from '../options';
import { note, print } from '../output';

interface Options {
  readonly start?: true;
  readonly stop?: true;
  readonly mark?: string;
  readonly host: readonly string[];
  readonly job?: string;
  readonly name?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly gpu?: readonly string[];
  readonly pid?: number;
  readonly cgroup?: string;
  readonly interval?: string;
  readonly lease?: string;
  readonly hold?: true;
  readonly status?: string;
  readonly wait?: string | true;
  readonly output?: string;
  readonly input?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly strict?: true;
}

const WAIT = { default: '10s', range: { min: '1ms', max: '60s' } } as const;
const LEASE_RANGE = { min: '1s', max: '8760h' } as const;
/** Of a job that is held: renewed three times within it. */
const HELD_LEASE = '1m';
const RENEWALS = 3;
/** What a server's fields are called here. */
const FLAGS: Readonly<Record<string, string>> = {
  id: '--job',
  name: '--name',
  labels: '--label',
  gpus: '--gpu',
  pid: '--pid',
  cgroup: '--cgroup',
  interval: '--interval',
  lease: '--lease',
  status: '--status',
  wait: '--wait',
};

export function define(command: Command): void {
  command
    .option('--start', 'open a window')
    .option('--stop', 'end it')
    .option('--mark <name>', 'name this moment of it', checkedName('--mark'))
    .option(
      '-i, --host <hosts>',
      'HOST[:PORT] of the server, or several, separated by commas',
      (text) => text.split(',').filter((host) => host !== ''),
      ['127.0.0.1'],
    )
    .option('--job <id>', 'the job; a start makes one up', checkedId)
    .option('--name <name>', "the job's name", checkedName('--name'))
    .addOption(label())
    .option('--gpu <gpus>', "the job's GPUs: indices or UUIDs, separated by commas", checkedGpus)
    .option(
      '--pid <pid>',
      "the job's first process, where the server runs; it ends when that does",
      checkedPid,
    )
    .option('--cgroup <path>', "the job's cgroup v2, where the server runs; it ends when that is gone")
    .option(
      '--interval <duration>',
      "time between readings; the server's by default",
      checkedInterval('--interval'),
    )
    .option(
      '--lease <duration>',
      'the longest that it may last without a stop (default: 24h, with --hold 1m)',
      checkedLease,
    )
    .option('--hold', 'stay, renew the lease, and stop the job when this client is told to end')
    .option('--status <status>', 'with --stop: what became of the job')
    .option(
      '--wait [duration]',
      `with --stop: until Elasticsearch has the documents (default: ${WAIT.default})`,
    )
    .option('--output <dir>', 'with --start: leave job.json there')
    .option('--input <dir>', 'with --stop and --mark: take the job from the job.json there')
    .option('--token-file <file>', "the server's token (default: NVPULSE_TOKEN)")
    .option('--ca <file>', "the CA's certificate, for a server with TLS")
    .option('--strict', 'fail where the server does not do it')
    .action(client);
  explain(command, {
    examples: [
      'nvpulse client --start -i 10.0.0.7 --job night-42',
      'nvpulse client --mark epoch-3 -i 10.0.0.7 --job night-42',
      'nvpulse client --stop -i 10.0.0.7 --job night-42 --wait',
    ],
    exitCodes: [
      ['0', 'done, or a warning was given: a pipeline is not harmed'],
      ['1', 'with --strict: a server did not do it'],
      ['2', 'a mistake in the command line'],
    ],
    environment: [['NVPULSE_TOKEN', "the server's token, where there is no --token-file"]],
  });
}

/** What went wrong, told at once, and not again; with --strict it is the exit code too. */
class Warnings {
  private readonly told = new Set<string>();
  private readonly strict: boolean;
  private readonly flags: Readonly<Record<string, string>>;

  constructor({ strict, mark }: Options) {
    this.strict = strict === true;
    this.flags = mark === undefined ? FLAGS : { ...FLAGS, name: '--mark' };
  }

  tell(text: string): void {
    if (!this.told.has(text)) note(`nvpulse client: warning: ${text}`);
    this.told.add(text);
    if (this.strict) process.exitCode = 1;
  }

  /**
   * Undefined where it failed.
   * @param host of the server that is asked; its errors begin with it
   */
  async attempt<T>(action: () => T | Promise<T>, host = ''): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof NvpulseError)) throw error;
      this.tell(this.underFlags(error.message, `${host}: `));
      return undefined;
    }
  }

  /** What a server refuses begins with its fields (`pid: `, `body/id must `): told as what was typed. */
  private underFlags(message: string, start: string): string {
    if (!message.startsWith(start)) return message;
    const detail = message.slice(start.length);
    return (
      start +
      detail.replace(
        /^(?:body\/|params\/)?(\w+)(?=: | must )/,
        (all, name: string) => this.flags[name] ?? all,
      )
    );
  }
}

async function client(options: Options): Promise<void> {
  const { start, stop, mark } = options;
  if ([start, stop, mark].filter((action) => action !== undefined).length !== 1)
    throw new NvpulseError('ERR_OPTION', 'give one of --start, --stop and --mark');
  if (options.pid !== undefined && options.cgroup !== undefined)
    throw new NvpulseError('ERR_OPTION', '--pid, --cgroup: give one of them');
  const wait__ms = waitOf(options);
  const warnings = new Warnings(options);
  const clients = await warnings.attempt(() => clientsOf(options));
  if (!clients) return;
  if (start) return startJob(options, clients, warnings);
  await each(clients, warnings, async (one) => {
    const id = await jobOn(one, options, warnings);
    if (id === undefined) return;
    if (mark !== undefined) {
      await one.mark(id, mark);
      return note(`job ${id} is marked '${mark}' on ${one.url.host}`);
    }
    await one.stop(id, options.status === undefined ? {} : { status: options.status });
    const found = wait__ms === undefined ? undefined : await one.documents(id, wait__ms);
    note(`job ${id} has ended on ${one.url.host}${found ? whereabouts(found) : ''}`);
    if (found?.rejected !== undefined)
      warnings.tell(
        `${one.url.host}: Elasticsearch would not take ${found.rejected} documents of job ${id}; the server's export/rejected.ndjson has them, with the reasons`,
      );
  });
}

async function each(
  clients: readonly MonitorClient[],
  warnings: Warnings,
  action: (client: MonitorClient) => Promise<void>,
): Promise<void> {
  await Promise.all(clients.map((client) => warnings.attempt(() => action(client), client.url.host)));
}

function clientsOf({ host, tokenFile, ca }: Options): readonly MonitorClient[] {
  const { MonitorClient, readClientToken } = require('../../server') as typeof import('../../server');
  const token = tokenFile === undefined ? process.env['NVPULSE_TOKEN'] : readClientToken(tokenFile);
  return host.map((one) => new MonitorClient({ host: one, token, ca }));
}

async function startJob(
  options: Options,
  clients: readonly MonitorClient[],
  warnings: Warnings,
): Promise<void> {
  const id = options.job ?? randomUUID();
  const lease = options.lease ?? (options.hold ? HELD_LEASE : undefined);
  // From now on: who is told to end while the start is on its way stops the job, too.
  const ended = options.hold && untilToldToEnd();
  const started: MonitorClient[] = [];
  await each(clients, warnings, async (one) => {
    await one.start(requestOf(id, lease, options));
    started.push(one);
    note(`job ${id} has started on ${one.url.host}`);
  });
  // Also where no server answered: one may have heard it, and the stop that follows shall find the job.
  const { output } = options;
  if (output !== undefined)
    await warnings.attempt(() => writeJobFile(output, { id, name: options.name ?? id }));
  // An id that cannot be printed is a warning, too.
  if (!options.strict) process.exitCode = 0;
  print(id);
  if (ended && started.length > 0) await hold(id, lease ?? HELD_LEASE, started, ended, options, warnings);
}

function requestOf(id: string, lease: string | undefined, options: Options): StartRequest {
  const { name, label, gpu, pid, cgroup, interval } = options;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(label === undefined ? {} : { labels: label }),
    ...(gpu === undefined ? {} : { gpus: gpu }),
    ...(pid === undefined ? {} : { pid }),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(interval === undefined ? {} : { interval }),
    ...(lease === undefined ? {} : { lease }),
  };
}

/** Renews until a signal, and stops the job then. A server that is away meanwhile is asked again the next time. */
async function hold(
  id: string,
  lease: string,
  clients: readonly MonitorClient[],
  ended: AbortSignal,
  options: Options,
  warnings: Warnings,
): Promise<void> {
  const pause__ms = Math.min(parseDuration(lease, '--lease', LEASE_RANGE) / 1e6 / RENEWALS, TIMER_MAX__MS);
  while (!ended.aborted) {
    await delay(pause__ms, undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) break;
    await each(clients, warnings, async (one) => void (await one.renew(id)));
  }
  await each(clients, warnings, async (one) => {
    await one.stop(id, options.status === undefined ? {} : { status: options.status });
    note(`job ${id} has ended on ${one.url.host}`);
  });
}

/** The job that is meant on a server; undefined, and a warning, where that is in doubt. */
async function jobOn(
  client: MonitorClient,
  { job, input, name }: Options,
  warnings: Warnings,
): Promise<string | undefined> {
  if (job !== undefined) return job;
  const left = input === undefined ? undefined : await warnings.attempt(() => readJobFile(input));
  if (left !== undefined) return left;
  const open = await client.list({ state: 'open', name });
  const [only, ...others] = open;
  if (only && others.length === 0) return only.id;
  const named = name === undefined ? '' : ` named '${name}'`;
  const which = only
    ? `${open.length} jobs${named} are open (${open.map(({ id }) => id).join(', ')})`
    : `no job${named} is open`;
  warnings.tell(`${client.url.host}: ${which}; nothing was done: say which with --job`);
  return undefined;
}

function whereabouts({ documents, reason }: JobDocuments): string {
  if (documents === 'rejected') return '; some of its documents are rejected';
  return `; its documents are ${documents}${reason === undefined ? '' : `: ${reason}`}`;
}

function waitOf({ wait }: Options): number | undefined {
  if (wait === undefined) return undefined;
  return parseDuration(wait === true ? WAIT.default : wait, '--wait', WAIT.range) / 1e6;
}

function checkedName(option: string): (text: string) => string {
  return (text) => {
    if (/^\P{Cc}+$/u.test(text)) return text;
    const given = JSON.stringify(text);
    throw new NvpulseError(
      'ERR_OPTION',
      `${option}: ${given} is no name; allowed is text without control characters`,
    );
  };
}

function checkedId(text: string): string {
  if (text !== '.' && text !== '..') return checkedName('--job')(text);
  throw new NvpulseError('ERR_OPTION', `--job: no URL can name '${text}'; allowed is any other text`);
}

function checkedGpus(text: string): readonly string[] {
  const gpus = text.split(',');
  if (!gpus.includes('')) return gpus;
  throw new NvpulseError(
    'ERR_OPTION',
    `--gpu: '${text}' names no GPU; allowed are indices and UUIDs, separated by commas`,
  );
}

function checkedPid(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new NvpulseError('ERR_OPTION', `--pid: '${text}' is no process id`);
}

function checkedLease(text: string): string {
  parseDuration(text, '--lease', LEASE_RANGE);
  return text;
}
