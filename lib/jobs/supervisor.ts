// Runs a command under the native supervisor, which holds its process tree and reports what it used.
import { spawn, type StdioOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import { NvpulseError } from '../errors';
import { supervisorPath } from '../native/locate';
import {
  LineSplitter,
  parseSupervisorLine,
  type ExitLine,
  type LivingProcess,
  type ProcessUsage,
  type ReapedProcess,
  type SupervisorLine,
  type TreeUsage,
} from './supervisor-lines';

export type { LivingProcess, ProcessUsage, ReapedProcess, TreeUsage } from './supervisor-lines';

type Stdio = 'inherit' | 'pipe' | 'ignore' | number;

export interface SupervisedOptions {
  /** Program and arguments; the program is looked for on PATH, as `execvp` does. */
  readonly command: readonly string[];
  /** @default the current directory */
  readonly cwd?: string;
  /** The command's whole environment. @default this process's */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * A cgroup v2 directory to run the command in, or `false` for none. It must be writable; its figures are used
   * only if nothing else runs in it.
   * @default one is made below this process's own, where that is possible and hides none of its limits
   */
  readonly cgroup?: string | false;
  /** The command's stdin, stdout and stderr. @default all inherited */
  readonly stdio?: readonly [stdin: Stdio, stdout: Stdio, stderr: Stdio];
  /** @internal Only `nvpulse run` has one: a supervisor that waits already, in place of one to spawn; `cwd`, `env` and `stdio` are then what it was given. */
  readonly kept?: KeptSupervisor;
  /** Told of each process that the supervisor waits for: the command, and orphans of its tree. */
  readonly onReaped?: (process: ReapedProcess) => void;
  /** Told of each signal that the supervisor passed on to the command, such as `SIGTERM`. */
  readonly onForwarded?: (signal: string) => void;
}

/** Forked by `nvpulse-supervisor --keep` before Node, whose command is the last of its arguments. */
export interface KeptSupervisor {
  readonly pid: number;
  /** Descriptor of the socket that leads to it. */
  readonly fd: number;
}

/** The command could not be executed. */
export interface NotStarted {
  readonly kind: 'not-started';
  /** As `env` and `timeout` have it: 127 not found, 126 found but not executable. */
  readonly status: 126 | 127;
  /** Such as `ENOENT`. */
  readonly error: string;
  /** Such as `no such file or directory`. */
  readonly reason: string;
}

/** The supervisor ended before the command did, or was let go: what the command did is not known. */
export interface Lost {
  readonly kind: 'lost';
  readonly reason: string;
}

export interface Started {
  readonly kind: 'started';
  readonly pid: number;
  /** CLOCK_MONOTONIC, just before it was executed. */
  readonly time__ns: bigint;
}

/** How the tree's CPU time was followed. I/O and the living are followed by the tree of processes in either case. */
export type Tracking =
  | { readonly tracking: 'cgroup'; readonly cgroupPath: string }
  | { readonly tracking: 'tree'; readonly reason: string };

export type Exit =
  | { readonly exitCode: number; readonly signal: null }
  /** Such as `SIGTERM`; a real-time signal by its number, such as `SIG35`. */
  | { readonly exitCode: null; readonly signal: string };

export type Ended = Exit &
  Tracking & {
    readonly kind: 'ended';
    /** As a shell gives it: the exit code, or 128 + signal. */
    readonly status: number;
    /** CLOCK_MONOTONIC. */
    readonly time__ns: bigint;
    /** Of the command itself and the children it waited for. */
    readonly command: ProcessUsage;
    readonly tree: TreeUsage;
    /** Descendants that live on. They are left alone. */
    readonly left: readonly LivingProcess[];
  };

export type CommandEnd = Ended | NotStarted | Lost;

/** A command held ready, then running, under a supervisor. */
export interface Supervised {
  /** Of the supervisor. The command is its child. */
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** When `go` takes effect at once, and how the tree will be followed. Rejects with `ERR_COMMAND` where the command
   * cannot be held ready. */
  readonly ready: Promise<Tracking>;
  /** Never rejects. */
  readonly started: Promise<Started | NotStarted | Lost>;
  /** Once the command has ended and the supervisor too. Never rejects. */
  readonly ended: Promise<CommandEnd>;
  /** Executes the command: about 1 ms later when `ready`, else as soon as it is. */
  go(): void;
  /** Passes on a signal that this process received, unless the command has had it too (sent to the whole group). */
  signal(signal: NodeJS.Signals): void;
  /** Lets go: a command not yet executed never is, one that runs goes on and is not reported on. */
  abandon(): void;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: NvpulseError): void;
}

function defer<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolvePromise, reject) => (settle = { resolve: resolvePromise, reject }));
  // Who does not look at it must not be ended by it.
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (value) => settle?.resolve(value),
    reject: (error) => settle?.reject(error),
  };
}

function signalName(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `SIG${signal}`;
}

function notStarted(errno: number): NotStarted {
  const [error, reason] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'cannot be executed'];
  return { kind: 'not-started', status: error === 'ENOENT' ? 127 : 126, error, reason };
}

function exitOf({ code, signal }: ExitLine): Exit & { readonly status: number } {
  if (code !== null) return { exitCode: code, signal: null, status: code };
  return { exitCode: null, signal: signalName(signal ?? 0), status: 128 + (signal ?? 0) };
}

/** Follows the supervisor's lines, and settles the promises that callers see. */
class Follower {
  readonly ready = defer<Tracking>();
  readonly started = defer<Started | NotStarted | Lost>();
  readonly ended = defer<CommandEnd>();
  private tracking: Tracking = { tracking: 'tree', reason: 'not told' };
  private failure: NotStarted | Lost | undefined;
  private exit: ExitLine | undefined;
  private readonly left: LivingProcess[] = [];

  constructor(private readonly options: SupervisedOptions) {}

  onLine(line: SupervisorLine): void {
    switch (line.kind) {
      case 'cgroup':
        this.tracking = { tracking: 'cgroup', cgroupPath: line.path };
        break;
      case 'tree':
        this.tracking = { tracking: 'tree', reason: line.reason };
        break;
      case 'ready':
        this.ready.resolve(this.tracking);
        break;
      case 'error':
        this.failure = { kind: 'lost', reason: this.explain(line.text) };
        break;
      case 'started':
        this.started.resolve(line);
        break;
      case 'exec':
        this.failure = notStarted(line.errno);
        this.started.resolve(this.failure);
        break;
      case 'reaped':
        this.options.onReaped?.(line.process);
        break;
      case 'left':
        this.left.push(line.process);
        break;
      case 'exit':
        this.exit = line;
        break;
      case 'forwarded':
        this.options.onForwarded?.(signalName(line.signal));
        break;
    }
  }

  /** The supervisor has closed its end: it has ended, or was killed. */
  onClosed(reason: string): void {
    const failure = this.failure ?? { kind: 'lost', reason };
    this.ready.reject(new NvpulseError('ERR_COMMAND', `The command could not be run: ${failure.reason}.`));
    this.started.resolve(failure);
    this.ended.resolve(this.exit ? this.end(this.exit) : failure);
  }

  private end(exit: ExitLine): Ended {
    const { time__ns, command, tree } = exit;
    return { kind: 'ended', ...exitOf(exit), ...this.tracking, time__ns, command, tree, left: this.left };
  }

  private explain(text: string): string {
    const { cgroup } = this.options;
    if (typeof cgroup !== 'string') return text;
    return `${text} (cgroup: '${cgroup}'; allowed is a cgroup v2 directory that this user may write)`;
  }
}

function checkOptions({ command, cwd }: SupervisedOptions): void {
  if (command.length === 0) throw new NvpulseError('ERR_OPTION', 'command: is empty; give a program to run');
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new NvpulseError('ERR_OPTION', `cwd: '${cwd}' is not a directory`);
  }
}

function cgroupArguments(cgroup: string | false | undefined): string[] {
  if (cgroup === undefined) return [];
  return cgroup === false ? ['--no-cgroup'] : ['--cgroup', resolve(cgroup)];
}

type Streams = Pick<Supervised, 'pid' | 'stdin' | 'stdout' | 'stderr'> & { readonly control: Socket };

/** It reads strings, each with a null character, and an empty one at the end: see native/supervisor/keep.h. */
function wake({ pid, fd }: KeptSupervisor, { command, cgroup }: SupervisedOptions): Streams {
  const control = new Socket({ fd, readable: true, writable: true });
  const words = [String(command.length), ...cgroupArguments(cgroup), '--', ''];
  control.write(words.map((word) => `${word}\0`).join(''));
  return { pid, control, stdin: null, stdout: null, stderr: null };
}

/** The child takes its end as descriptor 3: a UNIX socket pair, so that one descriptor serves both ways. */
function spawnSupervisor(options: SupervisedOptions): Streams {
  const path = supervisorPath();
  const stdio: StdioOptions = [...(options.stdio ?? ['inherit', 'inherit', 'inherit']), 'pipe'];
  const argv = ['--control-fd', '3', ...cgroupArguments(options.cgroup), '--', ...options.command];
  const child = spawn(path, argv, { cwd: options.cwd, env: options.env, stdio });
  // A failed spawn is seen by the absent pid, and its event comes later.
  child.on('error', () => undefined);
  const control: unknown = child.stdio[3];
  if (child.pid === undefined || !(control instanceof Socket)) {
    throw new NvpulseError(
      'ERR_NATIVE',
      `The supervisor could not be spawned: ${path}. Is it executable, and are there enough processes and descriptors?`,
    );
  }
  const { stdin, stdout, stderr } = child;
  return { pid: child.pid, control, stdin, stdout, stderr };
}

/**
 * Spawns a supervisor that holds `command` ready; `go()` executes it. The command has this process's group, terminal
 * and directory, and none of the supervisor's descriptors. If this process is killed, the command goes on.
 * @throws ERR_OPTION for an empty command or a `cwd` that is no directory
 * @throws ERR_NATIVE where there is no supervisor for this platform, or it cannot be spawned
 */
export function spawnSupervised(options: SupervisedOptions): Supervised {
  checkOptions(options);
  const { kept } = options;
  const { control, ...streams } = kept ? wake(kept, options) : spawnSupervisor(options);
  const follower = new Follower(options);
  const lines = new LineSplitter();
  let reason = 'the supervisor ended unexpectedly';
  control.setEncoding('utf8');
  control.on('data', (chunk: string) => {
    for (const line of lines.push(chunk)) {
      const parsed = parseSupervisorLine(line);
      if (parsed) follower.onLine(parsed);
    }
  });
  // Such as ECONNRESET when it ended with a signal of ours unread; the close that follows says all.
  control.on('error', () => undefined);
  control.on('close', () => follower.onClosed(reason));
  const send = (line: string): void => {
    if (control.writable) control.write(`${line}\n`);
  };
  return {
    ...streams,
    ready: follower.ready.promise,
    started: follower.started.promise,
    ended: follower.ended.promise,
    go: () => send('go'),
    signal: (signal) => send(`signal ${constants.signals[signal]}`),
    abandon: () => {
      reason = 'it was abandoned';
      control.destroy();
    },
  };
}
