// NVIDIA's own Python bindings, where python3 has them. What they are asked comes from the catalog: the same NVML call.
import { join } from 'node:path';
import { metricsOf } from 'nvpulse';
import type { Deadline } from './deadline';
import { absentPeer, type Answer, type Peer, type PeerReading } from './peer';
import { Conversation } from './programs';

const NAME = 'nvidia-ml-py';
/** Loading Python and the driver's library from a cold disk. */
const START__MS = 20_000;
const READ__MS = 8_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

export async function nvidiaMlPy(deadline: Deadline): Promise<Peer> {
  const reads = metricsOf('gpu').flatMap(({ name, source }) =>
    'nvml' in source ? [{ name, ...source.nvml }] : [],
  );
  const script = join(__dirname, 'read_gpus.py');
  const python = new Conversation('python3', ['-u', script, JSON.stringify(reads)]);
  const first = await python.line(deadline.atMost(START__MS));
  if ('failed' in first) return absentPeer(NAME, first.failed);
  const names = new Set<string>(reads.map(({ name }) => name));
  return {
    name: NAME,
    about: first.line,
    lacks: (metric) => (names.has(metric) ? undefined : 'no NVML call reads it'),
    read: async () => {
      python.say('read');
      const answer = await python.line(deadline.atMost(READ__MS));
      return 'failed' in answer ? answer : readingOf(JSON.parse(answer.line));
    },
    close: () => python.end(),
  };
}

function readingOf(gpus: unknown): PeerReading {
  if (!isRecord(gpus)) return new Map();
  return new Map(
    Object.entries(gpus).map(([uuid, metrics]) => [
      uuid,
      new Map(
        Object.entries(isRecord(metrics) ? metrics : {}).map(([name, answer]) => [name, answerOf(answer)]),
      ),
    ]),
  );
}

function answerOf(answer: unknown): Answer {
  if (typeof answer === 'number') return { value: answer, resolution: 0 };
  if (isRecord(answer) && typeof answer['none'] === 'string') return { none: answer['none'] };
  return {
    failed: isRecord(answer) && typeof answer['failed'] === 'string' ? answer['failed'] : 'no answer',
  };
}
