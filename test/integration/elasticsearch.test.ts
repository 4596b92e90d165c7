// The servers that other tests run against: what is asked for is there, and nothing is left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { findDocker } from '../support/elasticsearch-docker';

describeWithElasticsearch('an Elasticsearch that is killed', { restarts: true }, (elasticsearch) => {
  test('keeps its data and its port', async () => {
    const { url } = elasticsearch;
    const created = await elasticsearch.request('PUT', '/kept/_doc/1?refresh', { value: 7 });
    expect(created.status).toBe(201);
    await elasticsearch.kill();
    await expect(elasticsearch.request('GET', '/')).rejects.toThrow('ECONNREFUSED');
    await elasticsearch.restart();
    expect(elasticsearch.url).toBe(url);
    const kept = await elasticsearch.request('GET', '/kept/_doc/1');
    expect(kept.body._source).toEqual({ value: 7 });
  });

  // What a container leaves behind, the next one's start removes.
  const here = 'create' in findDocker() ? test.skip : test;
  here(
    'is gone with the test that started it, when that is killed',
    async () => {
      const script = `
      require(${JSON.stringify(join(__dirname, '..', 'support', 'register-typescript.js'))});
      const { startElasticsearch } = require(${JSON.stringify(join(__dirname, '..', 'support', 'elasticsearch.ts'))});
      startElasticsearch({ restarts: true }).then(({ url }) => {
        require('node:fs').writeSync(1, url);
        process.kill(process.pid, 'SIGKILL');
      });`;
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let url = '';
      child.stdout.on('data', (text) => (url += String(text)));
      const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      expect(signal).toBe('SIGKILL');
      const port = Number(new URL(url).port);
      while (await listening(port)) await setTimeout(50);
    },
    300_000,
  );
});

describeWithElasticsearch(
  'an Elasticsearch with security and TLS',
  { security: true, tls: true },
  (elasticsearch) => {
    test('knows its superuser, and makes API keys', async () => {
      expect(elasticsearch.url).toMatch(/^https:/);
      expect(readFileSync(elasticsearch.certificates!.ca, 'utf8')).toContain('BEGIN CERTIFICATE');
      const me = await elasticsearch.request('GET', '/_security/_authenticate');
      expect(me.body.roles).toEqual(['superuser']);
      const key = await elasticsearch.request('POST', '/_security/api_key', { name: 'test' });
      expect(key.status).toBe(200);
    });
  },
);

function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
