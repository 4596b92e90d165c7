// Elasticsearch in a container, where Docker has an engine.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerProcess, ServerSetup, Way } from './elasticsearch';
import { makeCertificates } from './elasticsearch-tls';

const IMAGE = 'elasticsearch:9.4.3';
const LABEL = 'nvpulse.test';
const TLS_FOLDER = '/usr/share/elasticsearch/config/test-tls';

export function findDocker(): Way {
  const { status, stdout } = docker('info', '--format', '{{.ServerVersion}}');
  return status === 0 && stdout.trim() !== '' ? { create } : { reason: 'Docker has no engine here' };
}

function create({ port, security, tls }: ServerSetup): ServerProcess {
  const name = `nvpulse-test-${process.pid}-${port}`;
  const auth = security ? { username: 'elastic', password: randomUUID() } : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-elasticsearch-tls-'));
  const certificates = tls ? makeCertificates(folder) : undefined;
  // The server runs as a user of its own.
  chmodSync(folder, 0o755);
  if (tls) for (const file of ['server.key', 'server.pem']) chmodSync(join(folder, file), 0o644);
  const settings = {
    'discovery.type': 'single-node',
    'ingest.geoip.downloader.enabled': 'false',
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    ES_JAVA_OPTS: '-Xms512m -Xmx512m',
    'xpack.security.enabled': `${security}`,
    'xpack.security.autoconfiguration.enabled': 'false',
    ...(auth && { ELASTIC_PASSWORD: auth.password }),
    ...(tls && {
      'xpack.security.http.ssl.enabled': 'true',
      'xpack.security.http.ssl.key': `${TLS_FOLDER}/server.key`,
      'xpack.security.http.ssl.certificate': `${TLS_FOLDER}/server.pem`,
    }),
  };
  const environment = Object.entries(settings).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const mount = tls ? ['-v', `${folder}:${TLS_FOLDER}:ro`] : [];
  let created = false;
  const start = (): void => {
    if (created) return must('start', name);
    removeLeftBehind();
    must(
      'run',
      '-d',
      '--name',
      name,
      '--label',
      `${LABEL}=${process.pid}`,
      '-p',
      `127.0.0.1:${port}:9200`,
      ...environment,
      ...mount,
      IMAGE,
    );
    created = true;
  };
  return {
    auth,
    certificates,
    start: () => settled(start),
    ended: () => {
      const { stdout } = docker('inspect', '--format', '{{.State.Running}}', name);
      return stdout.trim() === 'true' ? undefined : docker('logs', '--tail', '20', name).stdout;
    },
    kill: () =>
      settled(() => {
        docker('kill', '-s', 'KILL', name);
        docker('wait', name);
      }),
    remove: () =>
      settled(() => {
        docker('rm', '-f', '-v', name);
        rmSync(folder, { recursive: true, force: true });
      }),
  };
}

/** Containers of test runs that were interrupted. */
function removeLeftBehind(): void {
  const { stdout } = docker(
    'ps',
    '-a',
    '--filter',
    `label=${LABEL}`,
    '--format',
    `{{.ID}} {{.Label "${LABEL}"}}`,
  );
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [id = '', pid] = line.split(' ');
    try {
      process.kill(Number(pid), 0);
    } catch {
      docker('rm', '-f', '-v', id);
    }
  }
}

const docker = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync('docker', args, { encoding: 'utf8' });

function must(...args: readonly string[]): void {
  const { status, stderr } = docker(...args);
  if (status !== 0) throw new Error(`docker ${args[0]}: ${stderr}`);
}

function settled(action: () => void): Promise<void> {
  return new Promise((resolve) => {
    action();
    resolve();
  });
}
