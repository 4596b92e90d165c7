// Elasticsearch as processes of this machine, from Maven's central repository: unpacked once below
// node_modules/.cache, run with everything that it writes in a folder of its own.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Auth, ServerProcess, ServerSetup, Way } from './elasticsearch';
import { makeCertificates } from './elasticsearch-tls';
import { withLock } from './lock';

const POM = join(__dirname, '..', 'elasticsearch', 'pom.xml');
const JDK_FLOOR = 21;
/** The server refuses to run as root. */
const NOBODY = 65534;
const AS_ROOT = process.getuid?.() === 0;
const DATA_PREFIX = 'nvpulse-elasticsearch-';

/** Unpacks the server at the first call; the very first one downloads it. */
export function findMaven(): Way {
  const missing = ['mvn', 'setpriv', 'openssl'].find((name) => spawnSync(name, ['--version']).error);
  if (missing !== undefined) return { reason: `${missing} is not on PATH` };
  const jdk = newestJdk();
  if (jdk === undefined)
    return { reason: `no JDK ${JDK_FLOOR} or newer, by ES_JAVA_HOME, JAVA_HOME or in /usr/lib/jvm` };
  const outcome = unpacked();
  return 'reason' in outcome ? outcome : { create: (setup) => new MavenServer(outcome.home, jdk, setup) };
}

function newestJdk(): string | undefined {
  const installed = existsSync('/usr/lib/jvm')
    ? readdirSync('/usr/lib/jvm').map((name) => join('/usr/lib/jvm', name))
    : [];
  const named = [process.env['ES_JAVA_HOME'], process.env['JAVA_HOME']].filter((home) => home !== undefined);
  const versions = [...named, ...installed].map((home) => ({ home, version: versionOf(home) }));
  return versions.filter(({ version }) => version >= JDK_FLOOR).sort((a, b) => b.version - a.version)[0]
    ?.home;
}

function versionOf(home: string): number {
  try {
    return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The server's folder, where the user it runs as can read it. */
function unpacked(): { readonly home: string } | { readonly reason: string } {
  const cache = join(__dirname, '..', '..', 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const readable = !AS_ROOT || spawnSync('setpriv', [...dropped(), 'test', '-x', cache]).status === 0;
  const folder = readable
    ? join(cache, 'nvpulse-elasticsearch')
    : join(tmpdir(), 'nvpulse-elasticsearch-cache');
  const failure = withLock(`${folder}.lock`, () => (existsSync(folder) ? undefined : unpack(folder)));
  if (failure !== undefined) return { reason: failure };
  if (statSync(folder).uid !== process.getuid?.()) return { reason: `${folder} belongs to someone else` };
  const [version = ''] = readdirSync(folder);
  return { home: join(folder, version, 'elasticsearch') };
}

/** Into a folder beside, then renamed: what was cut is never taken for a whole one. */
function unpack(folder: string): string | undefined {
  const partial = `${folder}.partial`;
  for (const left of [partial, `${partial}.markers`]) rmSync(left, { recursive: true, force: true });
  process.stderr.write('unpacking Elasticsearch by Maven; the first time it is downloaded (950 MB)\n');
  const args = ['-B', '-q', '-f', POM, `-Dfolder=${partial}`, 'dependency:unpack@server'];
  const { status, stdout, error } = spawnSync('mvn', args, { encoding: 'utf8' });
  if (status !== 0)
    return `mvn failed: ${error?.message ?? stdout.trim().split('\n')[0] ?? `exit ${status}`}`;
  rmSync(`${partial}.markers`, { recursive: true, force: true });
  for (const version of readdirSync(partial))
    for (const name of ['plugins', 'logs'])
      mkdirSync(join(partial, version, 'elasticsearch', name), { recursive: true });
  renameSync(partial, folder);
  return undefined;
}

const dropped = (): readonly string[] =>
  AS_ROOT ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];

class MavenServer implements ServerProcess {
  readonly auth: Auth | undefined;
  readonly certificates: ServerProcess['certificates'];
  private readonly data: string;
  private child: ChildProcess | undefined;

  constructor(
    private readonly home: string,
    private readonly jdk: string,
    setup: ServerSetup,
  ) {
    removeLeftBehind();
    this.data = mkdtempSync(join(tmpdir(), `${DATA_PREFIX}${process.pid}-`));
    for (const name of ['config', 'data', 'logs', 'tmp']) mkdirSync(join(this.data, name));
    this.certificates = setup.tls ? makeCertificates(this.config('')) : undefined;
    // The name `elastic` would need a keystore, and its tool seconds.
    this.auth = setup.security ? { username: 'tester', password: randomUUID() } : undefined;
    this.configure(setup);
    if (AS_ROOT) spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, this.data]);
  }

  start(): Promise<void> {
    const log = openSync(this.log, 'a');
    const java = join(this.jdk, 'bin', 'java');
    // The launcher starts the server as its child, which ends when the launcher is gone; the launcher is killed with us.
    this.child = spawn(
      'setpriv',
      [
        ...dropped(),
        '--pdeathsig',
        'KILL',
        java,
        '-Xms4m',
        '-Xmx64m',
        '-XX:+UseSerialGC',
        '-cp',
        join(this.home, 'lib/tools/server-launcher/*'),
        'org.elasticsearch.server.launcher.ServerLauncher',
      ],
      { cwd: this.home, env: this.environment(), stdio: ['ignore', log, log], detached: true },
    );
    closeSync(log);
    const child = this.child;
    return new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  }

  ended(): string | undefined {
    if (this.child?.exitCode === null && this.child.signalCode === null) return undefined;
    return readFileSync(this.log, 'utf8').split('\n').slice(-20).join('\n');
  }

  /** The launcher and the server are the group that the launcher leads. */
  async kill(): Promise<void> {
    const group = this.child?.pid;
    if (group === undefined) return;
    if (livingIn(group).length > 0) process.kill(-group, 'SIGKILL');
    while (livingIn(group).length > 0) await setTimeout(20);
    this.child = undefined;
  }

  async remove(): Promise<void> {
    // Its data go too: an orderly end would only take longer.
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  private get log(): string {
    return join(this.data, 'logs', 'console.log');
  }

  private config(name: string): string {
    return join(this.data, 'config', name);
  }

  private environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.data,
      LANG: 'C.UTF-8',
      ES_HOME: this.home,
      ES_PATH_CONF: this.config(''),
      ES_TMPDIR: join(this.data, 'tmp'),
      ES_JAVA_HOME: this.jdk,
      JAVA_HOME: this.jdk,
      JAVA: join(this.jdk, 'bin', 'java'),
      JAVA_TYPE: 'ES_JAVA_HOME',
      ES_DISTRIBUTION_TYPE: 'tar',
    };
  }

  private configure({ port, security, tls }: ServerSetup): void {
    for (const name of ['roles.yml', 'role_mapping.yml', 'users', 'users_roles'])
      copyFileSync(join(this.home, 'config', name), this.config(name));
    if (this.auth) {
      writeFileSync(this.config('users'), `${this.auth.username}:${hashed(this.auth)}\n`);
      writeFileSync(this.config('users_roles'), `superuser:${this.auth.username}\n`);
    }
    // The first compiler only: the server starts in half the time.
    const options = ['-Xms512m', '-Xmx512m', '-XX:-AlwaysPreTouch', '-XX:TieredStopAtLevel=1'];
    const paths = [`-Djava.io.tmpdir=${this.data}/tmp`, `-XX:ErrorFile=${this.data}/logs/hs_err_pid%p.log`];
    writeFileSync(this.config('jvm.options'), `${[...options, ...paths].join('\n')}\n`);
    writeFileSync(this.config('log4j2.properties'), LOGGING);
    const settings = {
      'cluster.name': 'nvpulse-test',
      'node.name': 'test',
      'discovery.type': 'single-node',
      'network.host': '127.0.0.1',
      'http.port': port,
      'transport.port': 0,
      'path.data': join(this.data, 'data'),
      'path.logs': join(this.data, 'logs'),
      'cluster.routing.allocation.disk.threshold_enabled': false,
      'xpack.security.enabled': security,
      'xpack.security.autoconfiguration.enabled': false,
      ...(tls && {
        'xpack.security.http.ssl.enabled': true,
        'xpack.security.http.ssl.key': this.config('server.key'),
        'xpack.security.http.ssl.certificate': this.config('server.pem'),
      }),
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
    writeFileSync(this.config('elasticsearch.yml'), lines.join(''));
  }
}

const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n%throwable{5}
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;

/** As the server's file of users has it. */
function hashed({ password }: Auth): string {
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(password, salt, 10_000, 32, 'sha512');
  return `{PBKDF2}10000$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** Processes of a group that still run: one whose threads are all gone only waits to be collected. */
function livingIn(group: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(pgrp) === group && (state !== 'Z' || readdirSync(`/proc/${pid}/task`).length > 1);
      } catch {
        return false;
      }
    });
}

/** Folders of test runs that were interrupted. */
function removeLeftBehind(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${DATA_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
