// The provisioning files by themselves: what Grafana would stumble over, and what a reader would miss.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { INTERVAL_RANGE, METRICS, metricsOf, parseDuration, unitOf, type Entity } from '../../lib';
import { fieldsOf } from '../../lib/sinks/elasticsearch/setup/mapping';
import type { Stream } from '../../lib/sinks/elasticsearch/documents/streams';
import {
  DASHBOARDS,
  RULE_GROUPS,
  titleOf,
  unitIdOf,
  type Dashboard,
  type PlacedPanel,
  type Query,
} from '../../lib/grafana';

const PROVISIONING = join(__dirname, '..', '..', 'deploy', 'grafana', 'provisioning');
const rules = RULE_GROUPS.groups.flatMap((group) => group.rules);

const panelsOf = (dashboard: Dashboard): readonly PlacedPanel[] =>
  dashboard.panels.flatMap((panel) => (panel.type === 'row' ? panel.panels : [panel]));

const fieldsOn = (dashboard: Dashboard): ReadonlySet<string> =>
  new Set(
    panelsOf(dashboard).flatMap(({ targets }) =>
      targets.flatMap(({ query, metrics }) => {
        const entity = /entity:(\w+)/.exec(query)?.[1];
        return metrics.flatMap((metric) => ('field' in metric ? [`${entity} ${metric.field}`] : []));
      }),
    ),
  );

test.each([
  ['gpu_utilization__pct', 'GPU utilization', 'percent'],
  ['memory_used__MiB', 'Memory used', 'mbytes'],
  ['disk_read__MBps', 'Disk read', 'MBs'],
  ['gpu_energy__J', 'GPU energy', 'joule'],
  ['power_draw__W_max', 'Power draw', 'watt'],
  ['load_1min', 'Load of 1 min', 'short'],
])('%s is “%s” in %s', (name, title, unit) => {
  expect(titleOf(name)).toBe(title);
  expect(unitIdOf(name)).toBe(unit);
});

test('Grafana has a unit for every unit of the catalog', () => {
  const missing = METRICS.filter(({ name }) => unitIdOf(name) === 'none').map(({ name }) => unitOf(name));
  expect(missing).toEqual([]);
});

test.each(DASHBOARDS)('$title: panels have ids of their own and do not overlap', (dashboard) => {
  const ids = dashboard.panels.flatMap((panel) => [
    panel.id,
    ...(panel.type === 'row' ? panel.panels.map(({ id }) => id) : []),
  ]);
  expect(new Set(ids).size).toBe(ids.length);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

test.each(DASHBOARDS)(
  '$title: queries use variables that stand before them, and their data source',
  (dashboard) => {
    const names = dashboard.templating.list.map(({ name }) => name);
    const used = (text: string): readonly string[] =>
      [...text.matchAll(/\$(\w+)/g)].map(([, name]) => name ?? '');
    dashboard.templating.list.forEach(({ query }, position) => {
      for (const name of used(query)) expect(names.slice(0, position)).toContain(name);
    });
    const queries = [
      ...panelsOf(dashboard).flatMap(({ targets }) => targets.map(({ query }) => query)),
      ...dashboard.annotations.list.map(({ query }) => query),
    ];
    for (const query of queries) for (const name of used(query)) expect(names).toContain(name);
    for (const { datasource, targets } of panelsOf(dashboard)) {
      const sources = [...new Set(targets.map((target) => target.datasource.uid))];
      expect(datasource.uid).toBe(sources.length === 1 ? sources[0] : '-- Mixed --');
    }
  },
);

/** With what stands below an object as one name: `host.name`. */
const mapped = (stream: Stream): readonly string[] =>
  Object.entries(fieldsOf(stream)).flatMap(([name, field]) =>
    'properties' in field ? Object.keys(field.properties).map((inner) => `${name}.${inner}`) : [name],
  );

/** Fields that a query names: in its Lucene, in its buckets and in its metrics. */
const fieldsIn = ({ query, bucketAggs, metrics }: Query): readonly string[] => [
  ...[...query.matchAll(/([\w.]+):/g)].flatMap(([, field]) => (field === '_exists_' ? [] : [field ?? ''])),
  ...[...query.matchAll(/_exists_:(\w+)/g)].map(([, field]) => field ?? ''),
  ...bucketAggs.map(({ field }) => field),
  ...metrics.flatMap((metric) => ('field' in metric ? [metric.field] : [])),
];

test('queries name fields that the mapping has', () => {
  const queries = [
    ...DASHBOARDS.flatMap((dashboard) => panelsOf(dashboard).flatMap(({ targets }) => targets)),
    ...rules.map(({ data: [{ model }] }) => model),
  ];
  const unknown = queries.flatMap((query) =>
    fieldsIn(query).filter((field) => !mapped(query.datasource.uid).includes(field)),
  );
  expect(queries.length).toBeGreaterThan(80);
  expect(unknown).toEqual([]);
  for (const { query, timeField, timeEndField, textField, tagsField } of DASHBOARDS.flatMap(
    ({ annotations }) => annotations.list,
  ))
    for (const field of [...query.matchAll(/([\w.]+):/g)].map(([, name]) => name))
      expect(mapped('jobmetrics')).toEqual(
        expect.arrayContaining([
          field,
          timeField,
          timeEndField ?? timeField,
          textField,
          tagsField ?? textField,
        ]),
      );
});

test.each(DASHBOARDS)('$title: times are UTC, titles and descriptions are told', (dashboard) => {
  expect(dashboard.timezone).toBe('utc');
  for (const { title, description } of panelsOf(dashboard)) {
    expect(title).toMatch(/^[A-Z]/);
    expect(description).toMatch(/\w{3}.*\.$/s);
  }
});

test('every gauge and state of a node stands on the dashboard Node', () => {
  const node = DASHBOARDS.find(({ uid }) => uid === 'nvpulse-node');
  const shown = node ? fieldsOn(node) : new Set<string>();
  const entities: readonly Entity[] = [
    'host',
    'memory',
    'disk',
    'filesystem',
    'network',
    'gpu',
    'gpu_process',
    'agent',
  ];
  const missing = entities.flatMap((entity) =>
    metricsOf(entity)
      .filter(({ kind, name }) => kind !== 'counter' && !shown.has(`${entity} ${name}`))
      .map(({ name }) => `${entity} ${name}`),
  );
  expect(missing).toEqual([]);
});

test('data sources have the uids that dashboards and rules name, and no address of their own', () => {
  const file: { datasources: { name: string; uid: string; url: string; jsonData: { index: string } }[] } =
    parse(readFileSync(join(PROVISIONING, 'datasources', 'nvpulse.yaml'), 'utf8'));
  expect(file.datasources.map(({ uid }) => uid)).toEqual(['gpumetrics', 'cpumetrics', 'jobmetrics']);
  for (const { name, uid, url, jsonData } of file.datasources) {
    expect([name, jsonData.index]).toEqual([uid, uid]);
    expect(url).toBe('$ELASTICSEARCH_URL');
  }
});

test('rules: uids of their own, one condition, texts that no version of Grafana cuts', () => {
  expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length);
  expect(rules.map(({ title }) => title)).toEqual(
    expect.arrayContaining(['GPU hot', 'GPU of a job idle', 'GPU lost', 'Exporter backlog', 'Lease expired']),
  );
  for (const { uid, data, annotations } of rules) {
    expect(uid).toMatch(/^[a-z-]{1,40}$/);
    // Variables of dashboards are not replaced in rules, and `$` in texts would be by those of the environment.
    expect(JSON.stringify([data, annotations])).not.toContain('$');
  }
});

const graphs = DASHBOARDS.flatMap(panelsOf).flatMap((panel) => (panel.type === 'timeseries' ? [panel] : []));

test('lines are joined over the longest interval, have their mean and maximum beside them, and shares end at 100 %', () => {
  expect(graphs.length).toBeGreaterThan(40);
  for (const { fieldConfig, options } of graphs) {
    const { defaults } = fieldConfig;
    expect(defaults.custom.spanNulls).toBeGreaterThan(parseDuration(INTERVAL_RANGE.max, 'interval') / 1e6);
    expect(options.legend).toMatchObject({ displayMode: 'table', calcs: ['mean', 'max'] });
    if (defaults.custom.stacking.mode === 'normal' && defaults.unit === 'percent')
      expect(defaults.max).toBe(100);
  }
});

test('colours of a row hold until the next sample, over the longest interval too', () => {
  const rows = DASHBOARDS.flatMap(panelsOf).flatMap((panel) =>
    panel.type === 'state-timeline' ? [panel.fieldConfig.defaults] : [],
  );
  expect(rows.length).toBe(4);
  for (const { min, max, custom } of rows) {
    expect(custom.spanNulls).toBeGreaterThan(parseDuration(INTERVAL_RANGE.max, 'interval') / 1e6);
    expect([min, max]).toEqual([0, 100]);
  }
});

test.each(DASHBOARDS)('$title: what is simulated is asked of every stream', (dashboard) => {
  const [simulated, ...others] = panelsOf(dashboard).filter(({ title }) => title === 'Simulated');
  expect(others).toEqual([]);
  expect(simulated?.targets.map(({ datasource, refId }) => [refId, datasource.uid])).toEqual([
    ['A', 'gpumetrics'],
    ['B', 'cpumetrics'],
    ['C', 'jobmetrics'],
  ]);
});

test('a GPU has one colour on every panel, and no two have the same', () => {
  const byGpu = graphs.filter(({ targets }) =>
    targets.some(({ alias }) => alias.startsWith('GPU {{index}}')),
  );
  expect(byGpu.length).toBeGreaterThan(10);
  const coloursOf = (line: string, { fieldConfig }: (typeof graphs)[number]): readonly string[] =>
    fieldConfig.overrides.flatMap(({ matcher, properties }) =>
      matcher.id === 'byRegexp' && new RegExp(matcher.options.slice(1, -1)).test(line)
        ? properties.flatMap((one) => (one.id === 'color' ? [one.value.fixedColor] : []))
        : [],
    );
  const indexes = Array.from({ length: 16 }, (_, index) => index);
  for (const panel of byGpu) {
    const colours = indexes.flatMap((index) => coloursOf(`GPU ${index}`, panel));
    expect([colours.length, new Set(colours).size]).toEqual([16, 16]);
    expect(colours).toEqual(indexes.flatMap((index) => coloursOf(`GPU ${index} · Memory free`, byGpu[0]!)));
  }
});

test('many GPUs are rows of colours and bands; their lines, and what a followed process is needed for, stay closed', () => {
  for (const { uid, panels } of DASHBOARDS) {
    const open = panels.filter((panel) => panel.type === 'timeseries');
    for (const { title, targets } of open)
      for (const { alias, query } of targets) {
        expect([uid, title, alias]).not.toContainEqual(expect.stringContaining('GPU {{index}}'));
        expect([uid, title, query]).not.toContainEqual(expect.stringMatching(/entity:(job|gpu_process) /));
      }
    if (uid === 'nvpulse-compare') continue;
    const maps = panels.flatMap((panel) => (panel.type === 'state-timeline' ? panel.targets : []));
    expect(maps.map(({ alias }) => alias)).toContain('GPU {{index}}');
    const bands = open.filter(({ title }) => title.endsWith('lowest to highest'));
    expect(bands.length).toBe(4);
    for (const { targets } of bands)
      expect(targets.map(({ metrics }) => metrics[0]?.type)).toEqual(['min', 'avg', 'max']);
  }
  const processes = DASHBOARDS[0]!.panels.filter(
    ({ type, title }) => type === 'row' && title.startsWith('Processes'),
  );
  expect(processes.map(({ title }) => title)).toEqual([expect.stringMatching(/--pid or --cgroup/)]);
});

test('job: all hosts come before the rows of each', () => {
  const rows = DASHBOARDS[0]!.panels.flatMap((panel) => (panel.type === 'row' ? [panel] : []));
  const first = rows.findIndex(({ repeat }) => repeat === 'host');
  expect(rows.slice(0, first).map(({ title }) => title)).toEqual(['Summary', 'All hosts']);
});
