// An exporter in a process of its own, to be killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ExporterStats } from '../../lib/sinks/elasticsearch';

const REGISTER = join(__dirname, 'register-typescript.js');
const CHILD = join(__dirname, '..', 'fixtures', 'elasticsearch', 'exporter-child.ts');

export class ExporterProcess {
  private child: ChildProcess | undefined;
  private lines = '';
  starts = 0;

  constructor(
    private readonly url: string,
    private readonly source: string,
    private readonly state: string,
  ) {}

  start(): void {
    this.starts++;
    this.lines = '';
    const args = ['-r', REGISTER, CHILD, this.url, this.source, this.state];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.lines += text));
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  get stats(): ExporterStats | undefined {
    const line = this.lines.split('\n').at(-2);
    return line === undefined ? undefined : JSON.parse(line);
  }
}
