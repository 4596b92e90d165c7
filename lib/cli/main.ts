// The command line: finds the command, loads it, and ends with its exit code. What nvpulse cannot do is one line.
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version';
import { keepIgnored } from './ending';
import { setEngine } from './engine';
import { exitCodeOf, messageOf } from './failure';
import { flush, isOutputLost, note, put, shareStreams, watchStreams } from './output';

interface CommandModule {
  define(command: Command): void;
}

/** In the order of the help; each is a file in commands/, loaded when it is asked for. */
const COMMANDS = {
  run: 'run a command and tell what it did to this machine',
  record: 'record this machine until Ctrl-C',
  report: 'tell what a recording holds',
  export: 'convert a recording to Parquet, CSV or NDJSON, or send it to Elasticsearch',
  'create-mapping': 'set up Elasticsearch for what nvpulse sends there',
  list: 'list the recordings',
  metrics: 'list the metrics',
  pipeline: 'put monitoring into pipelines of Clara and Argo, or take it out',
  doctor: 'tell what can be measured here, and what each reading costs',
  overhead: 'measure how much measuring slows a command',
  server: 'monitor this node for jobs that come and go',
  client: 'start, stop or mark the monitoring of a job, from a pipeline',
  simulator: 'tell where the simulated GPU library is',
  completion: 'print what lets a shell complete these commands',
} as const;

/** The help of a command needs the command, wherever its name stands. */
function programFor(argv: readonly string[]): Command {
  const program = new Command('nvpulse')
    .description('What a program did to the CPUs, the memory, the disks and every NVIDIA GPU.')
    .version(VERSION, '-V, --version')
    .enablePositionalOptions()
    .helpOption('-h, --help')
    .exitOverride()
    // What is wrong is said in one line; that nothing was typed is answered by the help.
    .configureOutput({ writeErr: (text) => put('stderr', text), outputError: () => undefined });
  for (const [name, summary] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(summary);
    // Completions are of all commands.
    if (argv.includes(name) || argv[0] === 'completion')
      (require(`./commands/${name}`) as CommandModule).define(command);
  }
  return program;
}

/** The command that was asked for, or that of its own commands. */
function commandOf(program: Command, [name, ...rest]: readonly string[]): Command {
  const command = program.commands.find((known) => known.name() === name);
  return command ? commandOf(command, rest) : program;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'run') shareStreams();
  watchStreams();
  const program = programFor(argv);
  process.on('uncaughtException', (error) => process.exit(fail(program, argv, error)));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (isOutputLost(error)) return Number(process.exitCode ?? 0);
    return fail(program, argv, error);
  }
}

/** Says what failed. A job that has ended keeps its exit code, whatever failed after it. */
function fail(program: Command, argv: readonly string[], error: unknown): number {
  const command = commandOf(program, argv);
  const message = messageOf(error, command);
  if (message !== undefined) note(message);
  return Number(process.exitCode ?? exitCodeOf(error, command === program ? undefined : command.name()));
}

const ARGV = process.argv.slice(2);

setEngine(ARGV[0]);
keepIgnored();
void main(ARGV).then(async (exitCode) => {
  await flush();
  process.exit(process.exitCode ?? exitCode);
});
