// deploy/: Kubernetes takes the manifests, the image holds what it needs, and the commands that stand there exist.
// There is no container engine here, so the image is laid out by its COPY lines, in a folder.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { parseAddress } from '../../lib/server/address';
import { copiesOf, stagesOf, type Stage } from '../support/dockerfile';
import { nvpulseIn, stateFolder } from '../support/nvpulse';
import { describeWithPython } from '../support/python';

const ROOT = join(__dirname, '..', '..');
const DEPLOY = join(ROOT, 'deploy');
const state = stateFolder();
const { run } = nvpulseIn(state);
const read = (path: string): string => readFileSync(path, 'utf8');

/** What the YAML package reads has no type. */
type Parsed = ReturnType<typeof parse>;

/** The options of a command line of nvpulse's are among those of its command. */
async function expectKnownOptions(words: readonly string[]): Promise<void> {
  const [program, command = '', ...rest] = words;
  expect(program).toBe('nvpulse');
  const { stdout, code } = await run([command, '--help']);
  expect(code).toBe(0);
  for (const word of rest.filter((one) => one.startsWith('-')))
    expect(stdout).toMatch(new RegExp(`(^|[ ,])${word.replace(/=.*/s, '')}[ ,]`, 'm'));
}

describe('Kubernetes', () => {
  const FILES = readdirSync(join(DEPLOY, 'kubernetes')).map((name) => join(DEPLOY, 'kubernetes', name));
  const objects: readonly Parsed[] = FILES.flatMap((file) =>
    parseAllDocuments(read(file)).map((document) => document.toJS()),
  );
  const ofKind = (kind: string): Parsed => objects.find((object) => object.kind === kind);
  const pod = ofKind('DaemonSet').spec.template.spec;
  const [container] = pod.containers;

  describeWithPython('kubernetes-validate', ['kubernetes-validate==1.37.0'], (python) => {
    const SCRIPT = `
import json, sys, kubernetes_validate
wrong = []
for document in json.loads(sys.argv[1]):
    for version in ("1.25", "1.31", "1.37"):
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            wrong.append("%s %s: %s" % (version, document["kind"], error.message))
print(json.dumps(wrong))
`;
    const wrongIn = (documents: readonly unknown[]): unknown =>
      python.json(SCRIPT, { args: [JSON.stringify(documents)] });

    test('finds nothing wrong, and a misspelt field', () => {
      expect(wrongIn(objects)).toEqual([]);
      const misspelt = JSON.parse(JSON.stringify(objects).replace('runtimeClassName', 'runtimeClasName'));
      expect(wrongIn(misspelt)).toEqual(Array(3).fill(expect.stringContaining('runtimeClasName')));
    });
  });

  test('sees all GPUs and takes none', () => {
    expect(pod.runtimeClassName).toBe('nvidia');
    expect(container.env).toEqual(
      expect.arrayContaining([
        { name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' },
        { name: 'NVIDIA_DRIVER_CAPABILITIES', value: 'utility' },
      ]),
    );
    expect(JSON.stringify(container.resources)).not.toContain('nvidia');
  });

  test('has no privileges', () => {
    expect(pod.containers).toHaveLength(1);
    expect(pod.initContainers).toBeUndefined();
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 9417 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  test('the server gets what it is told of: a token, a place for its state, options that exist', async () => {
    await expectKnownOptions([...container.command, ...container.args]);
    const option = (name: string): string =>
      container.args.find((arg: string) => arg.startsWith(`--${name}=`)).slice(name.length + 3);
    const mounts = new Map<string, Parsed>(
      container.volumeMounts.map((mount: Parsed) => [mount.mountPath, mount]),
    );
    const volume = (path: string): Parsed =>
      pod.volumes.find(({ name }: { name: string }) => name === mounts.get(path)?.name);
    expect(volume(option('state')).emptyDir).toEqual({});
    expect(volume(option('rootfs'))).toEqual({ name: 'root', hostPath: { path: '/', type: 'Directory' } });
    expect(mounts.get(option('rootfs'))).toMatchObject({ readOnly: true });
    expect(mounts.get(option('state')).readOnly).toBeUndefined();
    // The key of the Secret is the file's name; other users cannot read it, or the server would refuse it.
    expect(volume(dirname(option('token-file'))).secret).toEqual({
      secretName: 'nvpulse-token',
      defaultMode: 0o440,
    });
    expect(basename(option('token-file'))).toBe('token');
    const environment = new Map<string, Parsed>(container.env.map((one: Parsed) => [one.name, one]));
    const substituted = (name: string, address: string): string => {
      expect(environment.get(name).valueFrom.fieldRef.fieldPath).toBe('status.hostIP');
      return option('listen').replace(`$(${name})`, address);
    };
    for (const host of ['10.0.0.7', 'fd00::7'])
      expect(parseAddress(substituted('NODE_ADDRESS', host), '--listen')).toEqual({
        host,
        port: container.ports[0].containerPort,
      });
    expect(option('host-name')).toBe('$(NODE_NAME)');
    expect(environment.get('NODE_NAME').valueFrom.fieldRef.fieldPath).toBe('spec.nodeName');
  });

  test('the image is a release, under a name that is to be replaced; the state may stand on the node', () => {
    const { version } = JSON.parse(read(join(ROOT, 'package.json')));
    expect(container.image).toBe(`registry.example/clara/monitor-server:${version}`);
    // As its comment has it.
    const [file = ''] = FILES;
    const onNode = parseAllDocuments(
      read(file).replace(/^( *)emptyDir: \{\}\n *# (hostPath: .*var\/lib\/nvpulse.*)$/m, '$1$2'),
    ).map((document) => document.toJS());
    const volumes = onNode.find(({ kind }: Parsed) => kind === 'DaemonSet').spec.template.spec.volumes;
    expect(volumes).toContainEqual({
      name: 'state',
      hostPath: { path: '/var/lib/nvpulse', type: 'Directory' },
    });
  });

  test('probes ask what the server answers; the Service leads to it', () => {
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      expect(container[probe].httpGet).toEqual({ path: '/ready', port: 'http' });
    const { spec } = ofKind('Service');
    expect(spec.ports).toEqual([{ name: 'http', port: 9417, targetPort: 'http' }]);
    expect(container.ports).toEqual([{ name: 'http', containerPort: 9417 }]);
    expect(ofKind('DaemonSet').spec.template.metadata.labels).toEqual(spec.selector);
    expect(ofKind('DaemonSet').spec.selector.matchLabels).toEqual(spec.selector);
  });
});

describe('the image', () => {
  const [build, final] = stagesOf(join(DEPLOY, 'Dockerfile')) as [Stage, Stage];
  const rest = (stage: Stage, name: string): readonly string[] =>
    stage.instructions.filter((one) => one.name === name).map((one) => one.rest);

  test('two stages of the same glibc base, without a registry’s name', () => {
    expect([rest(build, 'FROM'), rest(final, 'FROM')]).toEqual([
      ['node:22-bookworm-slim AS build'],
      ['node:22-bookworm-slim'],
    ]);
    expect(rest(final, 'USER')).toEqual(['9417:9417']);
    // What a pipeline runs is the whole command.
    expect(rest(final, 'ENTRYPOINT')).toEqual([]);
  });

  test('what comes from the context is there, and is not ignored', () => {
    const ignore = read(join(DEPLOY, 'Dockerfile.dockerignore')).split('\n');
    expect(ignore[0]).toBe('*');
    for (const stage of [build, final])
      for (const source of copiesOf(stage).flatMap(({ from, sources }) => (from ? [] : sources))) {
        expect({ source, there: existsSync(join(ROOT, source)) }).toEqual({ source, there: true });
        expect(ignore).toContain(`!${source}`);
      }
  });

  test('the sources that it copies are all that a build needs', () => {
    const folder = join(state, 'source');
    mkdirSync(folder);
    for (const { sources } of copiesOf(build))
      for (const source of sources) cpSync(join(ROOT, source), join(folder, source), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    expect(rest(build, 'RUN').at(-1)).toMatch(/^npm ci && npm prune --omit=dev/);
    expect(JSON.parse(read(join(folder, 'package.json'))).scripts.prepare).toBe('node scripts/build.js');
    const node = (...args: readonly string[]): unknown =>
      execFileSync(process.execPath, args, { cwd: folder, stdio: 'pipe' });
    // What scripts/build.js does, short of checking the types again.
    node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noCheck');
    node('-e', "require('./scripts/finish-dist').finishDist()");
    node('bin/nvpulse.js', 'pipeline', '--help');
    // CMake finds every source before it compiles the first.
    node('node_modules/cmake-js/bin/cmake-js', 'configure', '--log-level', 'error');
  });

  test('what it holds runs, without the packages for development', () => {
    const image = join(state, 'image');
    const place = (source: string, target: string): void => {
      const path = join(image, target);
      mkdirSync(dirname(path), { recursive: true });
      if (basename(source) === 'node_modules') {
        mkdirSync(path);
        for (const name of productionPackages()) {
          mkdirSync(dirname(join(path, name)), { recursive: true });
          symlinkSync(join(ROOT, 'node_modules', name), join(path, name));
        }
      } else cpSync(join(ROOT, source), path, { recursive: true });
    };
    for (const { from, sources, target } of copiesOf(final))
      for (const source of sources) place(from ? source.replace('/src/', '') : source, target);

    const bin = join(image, 'usr', 'local', 'bin');
    mkdirSync(bin, { recursive: true });
    const [, link = '', name = ''] = /ln -s (\S+) (\S+)/.exec(rest(final, 'RUN').join(' ')) ?? [];
    symlinkSync(join(image, link), join(image, name));
    const cwd = join(image, rest(final, 'WORKDIR')[0] ?? '');
    // --preserve-symlinks: packages are looked for where the image has them, not where the links lead.
    const env = {
      ...process.env,
      PATH: `${bin}:${process.env['PATH']}`,
      NODE_OPTIONS: '--preserve-symlinks',
    };
    const output = (command: string, ...args: readonly string[]): string =>
      execFileSync(command, args, { cwd, env, encoding: 'utf8' });
    expect(output('nvpulse', 'simulator', '--path').trim()).toBe(
      join(image, 'opt', 'nvpulse', 'build', 'Release', 'libnvidia-ml.so.1'),
    );
    expect(output('nvpulse', 'server', '--help')).toContain('--token-file');
    expect(output('python3', 'client.py', '--help')).toContain('Usage: nvpulse client');
    expect(output('python3', 'metrics/create-mapping.py', '--help')).toContain(
      'Usage: nvpulse create-mapping',
    );
    const pipeline = output(
      'nvpulse',
      'pipeline',
      'add-monitoring',
      join(ROOT, 'examples/clara/liver-tumor-pipeline.yaml'),
    );
    expect(pipeline).toBe(read(join(ROOT, 'examples/clara/liver-tumor-monitoring.yaml')));
  });

  test('the stages of the examples find their options in it', async () => {
    for (const kind of ['clara', 'argo']) {
      const text = read(join(ROOT, 'examples', kind, 'liver-tumor-monitoring.yaml'));
      const commands = [...text.matchAll(/command: (\[.*(?:client\.py|"client").*\])/g)].map(
        ([, json = '']) => JSON.parse(json),
      );
      expect(commands.length).toBe(2);
      for (const words of commands) {
        const args = words.slice(2);
        await expectKnownOptions(['nvpulse', 'client', ...args]);
      }
    }
  });
});

/** Names of the packages that stay when those for development are pruned. */
function productionPackages(): readonly string[] {
  const { packages } = JSON.parse(read(join(ROOT, 'package-lock.json')));
  return Object.entries<{ dev?: boolean }>(packages)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev)
    .map(([path]) => path.slice('node_modules/'.length))
    .filter((name) => existsSync(join(ROOT, 'node_modules', name)));
}

describe('compose', () => {
  const compose = parse(read(join(DEPLOY, 'compose.yaml')), { merge: true });
  const services: readonly [string, Parsed][] = Object.entries(compose.services);

  test('what it mounts and builds is there', () => {
    for (const [, { build, volumes = [] }] of services) {
      if (build) expect(existsSync(join(DEPLOY, build.context, build.dockerfile))).toBe(true);
      for (const volume of volumes as string[]) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('/')) expect(volume).toBe('/:/host:ro');
        else if (source.startsWith('.')) expect(existsSync(join(DEPLOY, source))).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  test('nothing is published beyond this machine', () => {
    const ports = services.flatMap(([, service]) => (service.ports ?? []) as string[]);
    expect(ports).toHaveLength(3);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
  });

  test('the server measures the machine, not its container', () => {
    const { server } = compose.services;
    expect(server).toMatchObject({ pid: 'host', uts: 'host' });
    expect(server.command.slice(server.command.indexOf('--rootfs'))).toEqual(['--rootfs', '/host']);
  });

  test('its commands exist', async () => {
    for (const [, { command }] of services) if (command) await expectKnownOptions(command);
    expect(compose.services.mapping.command[1]).toBe('create-mapping');
    expect(compose.services.server.command[1]).toBe('server');
  });

  test("Grafana's datasources find Elasticsearch by the variables that are set", () => {
    const folder = join(DEPLOY, 'grafana', 'provisioning', 'datasources');
    const [file = ''] = readdirSync(folder);
    const used = [...read(join(folder, file)).matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name);
    expect(used).toContain('ELASTICSEARCH_URL');
    expect(Object.keys(compose.services.grafana.environment)).toEqual(expect.arrayContaining(used));
  });
});
