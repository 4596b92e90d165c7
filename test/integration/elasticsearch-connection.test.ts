// What stands at the address given: each of the many that are not it, or do not let us, is one clear line.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeCertificates } from '../support/elasticsearch-tls';
import { templatesOf } from '../../lib/sinks/elasticsearch/setup/mapping';
import { describeWithElasticsearch, type Answer } from '../support/elasticsearch';
import { nvpulseIn, stateFolder, type Ending, type StartOptions } from '../support/nvpulse';

const folder = stateFolder();
const { run } = nvpulseIn(folder);
const createMapping = (args: readonly string[], options?: StartOptions): Promise<Ending> =>
  run(['create-mapping', '--dry-run', ...args], options);

async function expectFailure(ending: Promise<Ending>, line: string | RegExp, exitCode = 1): Promise<void> {
  const { code, stdout, stderr } = await ending;
  expect(stdout).toBe('');
  expect(stderr.split('\n')).toEqual([expect.stringMatching(/^nvpulse create-mapping: /), '']);
  const said = stderr.slice('nvpulse create-mapping: '.length, -1);
  if (typeof line === 'string') expect(said).toBe(line);
  else expect(said).toMatch(line);
  expect(code).toBe(exitCode);
}

/** Stands for what cannot be had here: a server that answers every request with this. */
async function answering(
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((_request, answer) => {
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('what answers is not it', () => {
  test.each([
    [
      'OpenSearch',
      {
        name: 'node',
        version: { distribution: 'opensearch', number: '3.3.0' },
        tagline: 'The OpenSearch Project',
      },
      {},
      200,
      'this is OpenSearch 3.3.0; nvpulse needs Elasticsearch 8.13 or newer',
    ],
    [
      'an older Elasticsearch',
      { version: { number: '7.17.29', build_flavor: 'default' } },
      { 'x-elastic-product': 'Elasticsearch' },
      200,
      'this is version 7.17.29; nvpulse needs Elasticsearch 8.13 or newer',
    ],
    [
      'an Elasticsearch whose bulk requests cannot ask for a data stream',
      { version: { number: '8.12.2' } },
      { 'x-elastic-product': 'Elasticsearch' },
      200,
      'this is version 8.12.2; nvpulse needs Elasticsearch 8.13 or newer',
    ],
    [
      'what only looks like it',
      { version: { number: '9.4.3' } },
      {},
      200,
      'the answer has no header X-Elastic-Product: another product answers, or a proxy takes the header out; see the URL, and let the proxy pass the header on',
    ],
    [
      'a web page',
      '<html>',
      {},
      200,
      'what answers is not Elasticsearch; nvpulse needs Elasticsearch 8.13 or newer',
    ],
    [
      'a page that is not there',
      '<html>',
      {},
      404,
      'status 404; see the URL, and what stands before Elasticsearch',
    ],
    ['a proxy whose server is away', 'Bad Gateway', {}, 502, 'it is not ready: status 502'],
  ])('%s', async (_what, body, headers, status, line) => {
    const { server, url } = await answering(body, headers, status);
    try {
      await expectFailure(createMapping(['--url', url]), `${url}: ${line}`);
    } finally {
      server.close();
    }
  });

  test('nothing answers', async () => {
    const { server, url } = await answering('');
    await new Promise((resolve) => server.close(resolve));
    const line = 'connection refused; see whether Elasticsearch runs there, and its port';
    await expectFailure(createMapping(['--url', url]), `${url}: ${line}`);
    await expectFailure(createMapping(['--ip', '127.0.0.1', '--port', new URL(url).port]), `${url}: ${line}`);
  });

  test('a host that is not there', async () => {
    await expectFailure(
      createMapping(['--ip', 'no-such-host.invalid']),
      'http://no-such-host.invalid:9200: no such host; see its name',
    );
  });

  test('https:// to a server without', async () => {
    const { server, url } = await answering('');
    try {
      const secure = url.replace('http:', 'https:');
      await expectFailure(
        createMapping(['--url', secure]),
        `${secure}: it does not speak HTTPS; use http://`,
      );
    } finally {
      server.close();
    }
  });
});

describe('options that are not allowed', () => {
  const notThere = join(folder, 'not-there');
  test.each<[string, readonly string[], string, number]>([
    [
      'no address',
      [],
      'no Elasticsearch named; give --ip with --port, or --url, such as --url http://127.0.0.1:9200',
      2,
    ],
    [
      'no URL',
      ['--url', '127.0.0.1:9200'],
      "--url: '127.0.0.1:9200' is not the address of an Elasticsearch; allowed is http:// or https://, such as http://127.0.0.1:9200",
      2,
    ],
    [
      'another scheme',
      ['--url', 'ftp://es'],
      "--url: 'ftp://es' is not the address of an Elasticsearch; allowed is http:// or https://, such as http://127.0.0.1:9200",
      2,
    ],
    [
      'a password in the URL',
      ['--url', 'http://a:b@es:9200'],
      '--url: it holds a password, which every user of this machine can see; set NVPULSE_ES_USER and NVPULSE_ES_PASSWORD',
      2,
    ],
    [
      'a host with its port',
      ['--ip', 'es/x'],
      "--ip: 'es/x' is not a host; allowed is its name or address, such as 10.0.0.5, and --port beside it",
      2,
    ],
    [
      'a port out of range',
      ['--ip', 'es', '--port', '70000'],
      "--port: '70000' is not a port; allowed is 1 to 65535",
      2,
    ],
    [
      'a certificate for http://',
      ['--url', 'http://es', '--ca', notThere],
      "--url: 'http://es' is not encrypted, so no certificate is checked; allowed is https:// with ca or fingerprint",
      2,
    ],
    [
      'a short fingerprint',
      ['--url', 'https://es', '--fingerprint', 'ab:cd'],
      "--fingerprint: 'ab:cd' is not a SHA-256 fingerprint; allowed are 64 hexadecimal digits, with colons or without",
      2,
    ],
    [
      'a CA file that is not there',
      ['--url', 'https://es', '--ca', notThere],
      `--ca: '${notThere}' cannot be read: no such file or directory`,
      1,
    ],
    [
      'a key file that is not there',
      ['--url', 'http://es', '--api-key-file', notThere],
      `--api-key-file: '${notThere}' cannot be read: no such file or directory`,
      1,
    ],
    [
      'a folder for a key file',
      ['--url', 'http://es', '--api-key-file', folder],
      `--api-key-file: '${folder}' cannot be read: illegal operation on a directory`,
      1,
    ],
  ])('%s', (_what, args, line, exitCode) => expectFailure(createMapping(args), line, exitCode));

  test('a key file without a key', async () => {
    const file = join(folder, 'no-key');
    writeFileSync(file, '{"error": true}\n');
    await expectFailure(
      createMapping(['--url', 'http://es', '--api-key-file', file]),
      `--api-key-file: '${file}' holds no API key; allowed is "encoded" of Elasticsearch's answer, or id:api_key`,
      2,
    );
  });

  test('a CA file without a certificate', async () => {
    const file = join(folder, 'no-ca.pem');
    writeFileSync(file, 'nothing\n');
    await expectFailure(
      createMapping(['--url', 'https://es', '--ca', file]),
      `--ca: '${file}' holds no certificate; allowed is PEM, beginning with -----BEGIN CERTIFICATE-----`,
      2,
    );
  });

  test('a user without a password', () =>
    expectFailure(
      createMapping(['--url', 'http://es'], { env: { NVPULSE_ES_USER: 'elastic' } }),
      'NVPULSE_ES_USER is set, NVPULSE_ES_PASSWORD is not; set both or none',
      2,
    ));
});

describeWithElasticsearch(
  'a server with security and TLS',
  { security: true, tls: true },
  (elasticsearch) => {
    const asUser = (): StartOptions => ({
      env: {
        NVPULSE_ES_USER: elasticsearch.auth!.username,
        NVPULSE_ES_PASSWORD: elasticsearch.auth!.password,
      },
    });
    const trusted = (): readonly string[] => [
      '--url',
      elasticsearch.url,
      '--ca',
      elasticsearch.certificates!.ca,
    ];

    /** A file of a key of these privileges. */
    async function keyFile(name: string, key: object = {}, form?: 'id:key'): Promise<string> {
      const { body } = await elasticsearch.request('POST', '/_security/api_key', { ...key, name });
      const file = join(folder, name);
      writeFileSync(file, `${form ? `${body.id}:${body.api_key}` : body.encoded}\n`, { mode: 0o600 });
      return file;
    }
    const role = (cluster: readonly string[], privileges: readonly string[]): object => ({
      role_descriptors: {
        only: { cluster, indices: [{ names: ['gpumetrics', 'cpumetrics', 'jobmetrics'], privileges }] },
      },
    });

    test('a user and a password, and the CA or its fingerprint', async () => {
      const { ca, fingerprint } = elasticsearch.certificates!;
      for (const args of [
        ['--ca', ca],
        ['--fingerprint', fingerprint],
        ['--fingerprint', fingerprint.replaceAll(':', '').toLowerCase(), '--ca', ca],
      ]) {
        const { code, stdout } = await createMapping(['--url', elasticsearch.url, ...args], asUser());
        expect(stdout).toContain('index template gpumetrics: would be created\n');
        expect(code).toBe(0);
      }
      // Of a host and a port with a certificate to check, HTTPS is meant.
      const { code } = await createMapping(
        ['--ip', '127.0.0.1', '--port', `${elasticsearch.port}`, '--ca', ca],
        asUser(),
      );
      expect(code).toBe(0);
    });

    test('no CA, another, or another fingerprint', async () => {
      const { url } = elasticsearch;
      const unknown = `${url}: its certificate is signed by no known CA; give the CA's file or fingerprint`;
      await expectFailure(createMapping(['--url', url], asUser()), unknown);
      const other = makeCertificates(folder);
      await expectFailure(createMapping(['--url', url, '--ca', other.ca], asUser()), unknown);
      await expectFailure(
        createMapping(['--url', url, '--fingerprint', other.fingerprint], asUser()),
        `${url}: the fingerprint is not of its certificate's CA; see whether it is the right server, and the fingerprint`,
      );
    });

    test('http:// to a server that speaks HTTPS', async () => {
      const url = elasticsearch.url.replace('https:', 'http:');
      await expectFailure(
        createMapping(['--url', url], asUser()),
        `${url}: it closed the connection without an answer; where it speaks HTTPS, use https://`,
      );
    });

    test('a wrong password, and none', async () => {
      const { url, auth } = elasticsearch;
      const remedy = 'give an API key that is valid, or a user and a password';
      const wrong = { env: { ...asUser().env, NVPULSE_ES_PASSWORD: 'wrong' } };
      await expectFailure(
        createMapping(trusted(), wrong),
        `${url}: who asks is not known: unable to authenticate user [${auth!.username}] for REST request [/]; ${remedy}`,
      );
      await expectFailure(
        createMapping(trusted()),
        `${url}: who asks is not known: missing authentication credentials for REST request [/]; ${remedy}`,
      );
    });

    test('a key that has expired, and one that never was', async () => {
      const { url } = elasticsearch;
      const remedy = 'give an API key that is valid, or a user and a password';
      const expired = await keyFile('expired', { expiration: '1ms' });
      await expectFailure(
        createMapping([...trusted(), '--api-key-file', expired]),
        `${url}: who asks is not known: API key: api key is expired; ${remedy}`,
      );
      const wrong = join(folder, 'wrong-key');
      writeFileSync(wrong, 'VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==');
      await expectFailure(
        createMapping([...trusted(), '--api-key-file', wrong]),
        /^https:.*: who asks is not known: API key: (invalid credentials|unable to find apikey).*; give an API key that is valid, or a user and a password$/,
      );
    });

    test('a key that may not set up', async () => {
      const nosy = await keyFile('nosy', role([], ['view_index_metadata']));
      await expectFailure(
        createMapping([...trusted(), '--api-key-file', nosy]),
        /^https:.*: action \[cluster:monitor\/main\] is unauthorized for API key.*granted by the cluster privileges \[monitor,manage,all\]; docs\/ELASTICSEARCH.md names what is needed$/,
      );
      const reader = await keyFile('reader', role(['monitor'], ['view_index_metadata']));
      await expectFailure(
        run(['create-mapping', ...trusted(), '--api-key-file', reader]),
        /^action \[cluster:admin\/component_template\/put\] is unauthorized.*\[manage_index_templates,manage,all\]; docs\/ELASTICSEARCH.md names what is needed$/,
      );
    });

    describe('keys of the least privileges, as docs/ELASTICSEARCH.md has them', () => {
      const bulk = (id: string): string =>
        `${JSON.stringify({ create: { _index: 'gpumetrics', _id: id } })}\n${JSON.stringify({ '@timestamp': '2026-01-01T00:00:00Z', index: 3, power_draw__W: 70 })}\n`;

      /** As whom a key's holder asks. */
      async function holderOf(name: string): Promise<(path: string, body?: unknown) => Promise<Answer>> {
        const authorization = `ApiKey ${readFileSync(await keyFile(name, documented(name)), 'utf8').trim()}`;
        return (path, body) =>
          elasticsearch.request(body === undefined ? 'GET' : 'POST', path, body, { authorization });
      }

      test('set up, the first time and again', async () => {
        const first = await keyFile(
          'first',
          role(['monitor', 'manage_index_templates'], ['view_index_metadata']),
        );
        const made = await run(['create-mapping', ...trusted(), '--api-key-file', first]);
        expect(made.stdout).toContain('index template jobmetrics: created\n');
        expect(made.code).toBe(0);
        const later = await keyFile('nvpulse-setup', documented('nvpulse-setup'), 'id:key');
        // The file goes before the environment.
        const again = await run(['create-mapping', ...trusted(), '--api-key-file', later], {
          env: { NVPULSE_ES_USER: 'nobody', NVPULSE_ES_PASSWORD: 'wrong' },
        });
        expect(again.stdout).toContain('index template jobmetrics: unchanged\n');
        expect(again.code).toBe(0);
      });

      test('export: create the data stream, add a document, look it up', async () => {
        const ask = await holderOf('nvpulse-exporter');
        const path = '/_bulk?require_data_stream=true&filter_path=items.create.status';
        expect((await ask(path, bulk('a'))).body.items[0].create.status).toBe(201);
        expect((await ask(path, bulk('a'))).body.items[0].create.status).toBe(409);
        expect((await ask('/gpumetrics/_refresh', '')).status).toBe(200);
        const found = await ask('/gpumetrics/_search', { query: { ids: { values: ['a', 'b'] } } });
        expect(found.body.hits.hits).toMatchObject([{ _id: 'a' }]);
        expect((await ask('/_component_template/nvpulse-gpumetrics')).status).toBe(403);
      });

      test('Grafana: queries, fields, version', async () => {
        const ask = await holderOf('nvpulse-grafana');
        const query = {
          size: 0,
          query: { query_string: { query: 'index:3' } },
          aggs: { mean: { avg: { field: 'power_draw__W' } } },
        };
        const lines = `${JSON.stringify({ index: 'gpumetrics', ignore_unavailable: true })}\n${JSON.stringify(query)}\n`;
        expect((await ask('/_msearch', lines)).body.responses[0].aggregations.mean.value).toBe(70);
        for (const path of [
          '/',
          '/gpumetrics/_mapping',
          '/gpumetrics/_field_caps?fields=*',
          '/_cluster/health',
        ])
          expect((await ask(path)).status).toBe(200);
        expect((await ask('/_bulk', bulk('c'))).status).toBe(403);
      });

      test('set up again, with a data stream to bring up to date', async () => {
        const { component } = templatesOf('gpumetrics', undefined);
        const older = { ...component.template.mappings, _meta: { nvpulse: '0.0.9' } };
        const put = await elasticsearch.request('PUT', '/gpumetrics/_mapping', older);
        expect(put.status).toBe(200);
        const key = await keyFile('setup-again', documented('nvpulse-setup'));
        const { code, stdout } = await run(['create-mapping', ...trusted(), '--api-key-file', key]);
        expect(stdout).toContain('data stream gpumetrics: updated\n');
        expect(code).toBe(0);
      });
    });
  },
);

/** The body that the page gives for a key of that name, without the name. */
function documented(name: string): object {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'ELASTICSEARCH.md'), 'utf8');
  const bodies = [...page.matchAll(/```json\n(.*?)```/gs)].map(
    ([, text]) => JSON.parse(text ?? '') as { name: string },
  );
  const body = bodies.find((candidate) => candidate.name === name);
  if (!body) throw new Error(`docs/ELASTICSEARCH.md has no key ${name}`);
  return { ...body, name: undefined };
}
