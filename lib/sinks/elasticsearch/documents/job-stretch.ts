// A time over which instances belong to the same jobs, and what their documents say of them: made once, since with a
// thousand windows open it is longer than all else.
import type { Instance } from '../../../catalog';
import { asciiJson } from './ascii-json';
import { NOBODYS, type Belonging } from './attribution';
import { isTitled, jobFields } from './documents';

/** From `from` to before `until`, rows of an instance belong to these jobs. Nanoseconds since the recording's start. */
export class JobStretch {
  private plain: Buffer | undefined;
  private titled: Buffer | undefined;

  constructor(
    readonly from: number,
    readonly until: number,
    readonly belonging: Belonging,
    private readonly utcOffset__ns: bigint,
  ) {}

  /** Fields of JSON, each behind a comma; empty where there is no job. */
  textFor(instance: Instance): Buffer {
    return isTitled(instance)
      ? (this.titled ??= this.textOf(instance))
      : (this.plain ??= this.textOf(instance));
  }

  private textOf(instance: Instance): Buffer {
    const fields = asciiJson(jobFields(instance, this.belonging, this.utcOffset__ns)).slice(1, -1);
    return Buffer.from(fields === '' ? '' : `,${fields}`, 'latin1');
  }
}

export const NOWHERE = new JobStretch(-Infinity, Infinity, NOBODYS, 0n);
