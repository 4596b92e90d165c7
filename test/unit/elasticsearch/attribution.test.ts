// To which jobs rows belong: what it costs to know.
import type { JobSpan } from '../../../lib/recording';
import { belongingsOf } from '../../../lib/sinks/elasticsearch/attribution';
import { HOST } from '../../support/readings';

/** How often windows are asked whose they are, while so many are open that began one after the other. */
function asked(windows: number): number {
  let count = 0;
  const spans = Array.from(
    { length: windows },
    (_, index): JobSpan => ({
      get id() {
        count++;
        return `job-${index}`;
      },
      name: '',
      labels: {},
      start__ns: BigInt(index),
      gpu_scope: 'node',
      gpus: 'node',
    }),
  );
  expect(belongingsOf(HOST, spans).at(-1)?.jobs).toHaveLength(windows);
  return count;
}

test('costs no more than the answers are long, which is the square of the windows that are open', () => {
  expect(asked(200) / asked(50)).toBeLessThan(20);
});
