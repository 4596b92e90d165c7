// What is drawn over the graphs: windows of jobs, marks, and what went wrong.
import type { Annotation } from './model';
import { datasource } from './query';

const common = { datasource: datasource('jobmetrics'), enable: true, hide: false } as const;

/** Windows as areas. One that is open has no end yet, and is seen by its start. */
export const windows = (where: string): Annotation => ({
  ...common,
  name: 'Windows',
  iconColor: 'blue',
  query: `entity:window AND ${where}`,
  timeField: 'start',
  timeEndField: 'end',
  textField: 'job_name',
  tagsField: 'labels',
});

const eventsOf = (name: string, iconColor: string, kinds: readonly string[], where: string): Annotation => ({
  ...common,
  name,
  iconColor,
  query: `entity:(start OR event) AND event:(${kinds.join(' OR ')}) AND ${where}`,
  timeField: '@timestamp',
  textField: 'text',
  tagsField: 'event',
});

export const starts = (where: string): Annotation =>
  eventsOf('Starts and stops', 'green', ['start', 'stop'], where);

export const marks = (where: string): Annotation => eventsOf('Marks', 'purple', ['mark'], where);

export const faults = (where: string): Annotation =>
  eventsOf(
    'Faults',
    'red',
    ['lease_expired', 'device_lost', 'device_recovered', 'device_stalled', 'clock_jump'],
    where,
  );
