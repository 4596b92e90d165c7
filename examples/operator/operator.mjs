// A small operator of a medical-imaging pipeline with the sampler embedded: it thresholds a volume and leaves, beside
// its result, what the machine did meanwhile.
//
//   node operator.mjs INPUT OUTPUT        INPUT: a file of 16-bit voxels; OUTPUT: a folder
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Sampler, window } from 'nvpulse';

const THRESHOLD__HU = 100;

/** One byte a voxel: 1 where it is denser than soft tissue. */
function segment(volume) {
  const mask = new Uint8Array(volume.length);
  for (let voxel = 0; voxel < volume.length; voxel++) mask[voxel] = volume[voxel] > THRESHOLD__HU ? 1 : 0;
  return mask;
}

const [input, output] = process.argv.slice(2);
if (!input || !output) {
  console.error('usage: node operator.mjs INPUT OUTPUT');
  process.exit(2);
}
await mkdir(output, { recursive: true });

const sampler = new Sampler({ interval: '50ms' });
sampler.start();
const { result: found, summary } = await window(sampler, 'liver-segmentation', async () => {
  const bytes = await readFile(input);
  const mask = segment(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1));
  await writeFile(join(output, 'mask.raw'), mask);
  return mask.reduce((sum, voxel) => sum + voxel, 0);
});
sampler.stop();

await writeFile(join(output, 'metrics.json'), JSON.stringify(summary, null, 2));
console.log(
  `${found} voxels in ${summary.job.duration__s.toFixed(3)} s, ${summary.energy.gpu__J ?? 'no'} J of GPU energy`,
);
