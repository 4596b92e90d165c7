// The supervisor's side of its control line, parsed: native/supervisor/control.h says what each line means. Pure.

/** Resource usage of a process with the children it waited for. */
export interface ProcessUsage {
  readonly cpuUser__s: number;
  readonly cpuSystem__s: number;
  /** Resident memory at its highest, of the largest single process. */
  readonly maxRss__KiB: number;
}

/** A process that the supervisor has waited for. */
export interface ReapedProcess extends ProcessUsage {
  /** 0 for a sum over several, when lines could not be read as fast as processes ended. */
  readonly pid: number;
  readonly isCommand: boolean;
}

/** A descendant of the command that lives on. */
export interface LivingProcess {
  readonly pid: number;
  /** As the kernel keeps it: at most 15 bytes. */
  readonly name: string;
}

/** What the whole process tree used, the dead and the living, until the command ended. */
export interface TreeUsage {
  readonly cpuUser__s: number;
  readonly cpuSystem__s: number;
  /** Bytes that reached or will reach a disk, as /proc/PID/io counts; null where the kernel does not say. */
  readonly ioRead__B: number | null;
  readonly ioWrite__B: number | null;
}

export interface ExitLine {
  readonly kind: 'exit';
  readonly code: number | null;
  readonly signal: number | null;
  readonly time__ns: bigint;
  readonly command: ProcessUsage;
  readonly tree: TreeUsage;
}

export type SupervisorLine =
  | { readonly kind: 'cgroup'; readonly path: string }
  | { readonly kind: 'tree'; readonly reason: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'error'; readonly errno: number; readonly text: string }
  | { readonly kind: 'started'; readonly pid: number; readonly time__ns: bigint }
  | { readonly kind: 'exec'; readonly errno: number }
  | { readonly kind: 'reaped'; readonly process: ReapedProcess }
  | { readonly kind: 'forwarded'; readonly signal: number }
  | { readonly kind: 'left'; readonly process: LivingProcess }
  | ExitLine;

const seconds = (us: string | undefined): number => Number(us) / 1e6;
const known = (value: string | undefined): number | null => (value === '-' ? null : Number(value));

function parseExit(words: readonly string[]): ExitLine {
  const [code, signal, time, user, system, maxRss, treeUser, treeSystem, read, written] = words;
  return {
    kind: 'exit',
    code: known(code),
    signal: known(signal),
    time__ns: BigInt(time ?? 0),
    command: { cpuUser__s: seconds(user), cpuSystem__s: seconds(system), maxRss__KiB: Number(maxRss) },
    tree: {
      cpuUser__s: seconds(treeUser),
      cpuSystem__s: seconds(treeSystem),
      ioRead__B: known(read),
      ioWrite__B: known(written),
    },
  };
}

function parseReaped([pid, ppid, user, system, maxRss]: readonly string[]): ReapedProcess {
  return {
    pid: Number(pid),
    isCommand: Number(ppid) !== 0,
    cpuUser__s: seconds(user),
    cpuSystem__s: seconds(system),
    maxRss__KiB: Number(maxRss),
  };
}

/** One line, without its newline; undefined for a line of no known kind. */
export function parseSupervisorLine(line: string): SupervisorLine | undefined {
  const [kind, ...words] = line.split(' ');
  const [first, second] = words;
  switch (kind) {
    case 'cgroup':
      return { kind, path: words.join(' ') };
    case 'tree':
      return { kind, reason: words.join(' ') };
    case 'ready':
      return { kind };
    case 'error':
      return { kind, errno: Number(first), text: words.slice(1).join(' ') };
    case 'started':
      return { kind, pid: Number(first), time__ns: BigInt(second ?? 0) };
    case 'exec':
      return { kind, errno: Number(first) };
    case 'reaped':
      return { kind, process: parseReaped(words) };
    case 'signal':
      return { kind: 'forwarded', signal: Number(first) };
    case 'left':
      return { kind, process: { pid: Number(first), name: words.slice(1).join(' ') } };
    case 'exit':
      return parseExit(words);
    default:
      return undefined;
  }
}

/** Cuts a stream of text into whole lines, however its chunks fall. */
export class LineSplitter {
  private rest = '';

  /** The lines that `chunk` completes, without their newlines. */
  push(chunk: string): string[] {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop() ?? '';
    return lines;
  }
}
