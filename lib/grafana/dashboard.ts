// Puts panels into rows on Grafana's grid, and rows, variables and annotations into a dashboard.
import type { Annotation, Choice, Dashboard, Panel, PlacedPanel, Row, Variable } from './model';
import type { Stream } from '../sinks/elasticsearch/documents/streams';
import { datasource } from './query';

const COLUMNS = 24;
export const TAG = 'nvpulse';

/** A panel and its size, in columns of 24 and in lines of 30 px. */
export interface Tile {
  readonly panel: Panel;
  readonly width: number;
  readonly height: number;
}

export interface Section {
  readonly title: string;
  readonly tiles: readonly Tile[];
  /** Closed at first: its queries run when it is opened. */
  readonly collapsed?: true;
  /** Once for each value of this variable. */
  readonly repeat?: string;
}

export interface DashboardParts {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly from: string;
  readonly refresh: string;
  readonly variables: readonly (Variable | Choice)[];
  readonly annotations: readonly Annotation[];
  readonly sections: readonly Section[];
}

/** Panels beside each other, of equal width. */
export function across(height: number, ...panels: readonly Panel[]): readonly Tile[] {
  return panels.map((panel) => ({ panel, width: Math.floor(COLUMNS / panels.length), height }));
}

/** Tiles from left to right and from line `top` down. */
function place(tiles: readonly Tile[], top: number, firstId: number): readonly PlacedPanel[] {
  let x = 0;
  let y = top;
  let lowest = top;
  return tiles.map(({ panel, width, height }, position) => {
    if (x + width > COLUMNS) {
      x = 0;
      y = lowest;
    }
    const placed = { ...panel, id: firstId + position, gridPos: { x, y, w: width, h: height } };
    x += width;
    lowest = Math.max(lowest, y + height);
    return placed;
  });
}

function panelsOf(sections: readonly Section[]): readonly (PlacedPanel | Row)[] {
  const panels: (PlacedPanel | Row)[] = [];
  let y = 0;
  let id = 1;
  for (const { title, tiles, collapsed = false, repeat } of sections) {
    const placed = place(tiles, y + 1, id + 1);
    panels.push({
      type: 'row',
      id,
      title,
      collapsed,
      ...(repeat === undefined ? {} : { repeat }),
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: collapsed ? placed : [],
    });
    if (!collapsed) panels.push(...placed);
    id += 1 + tiles.length;
    y = collapsed ? y + 1 : Math.max(...placed.map(({ gridPos }) => gridPos.y + gridPos.h));
  }
  return panels;
}

export function dashboard(parts: DashboardParts): Dashboard {
  const { uid, title, description, from, refresh, variables, annotations, sections } = parts;
  return {
    uid,
    title,
    description,
    tags: [TAG],
    timezone: 'utc',
    schemaVersion: 38,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh,
    time: { from, to: 'now' },
    links: [
      {
        type: 'dashboards',
        title: 'nvpulse',
        tags: [TAG],
        asDropdown: false,
        includeVars: false,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: '',
        url: '',
      },
    ],
    templating: { list: variables },
    annotations: { list: annotations },
    panels: panelsOf(sections),
  };
}

interface VariableParts {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly from: Stream;
  readonly field: string;
  /** Lucene. */
  readonly where: string;
  readonly sort: Variable['sort'];
  /** Of the values, before the first of them are taken. @default 'asc' */
  readonly order?: 'desc';
  /** See `Variable`. */
  readonly regex?: string;
  /** At most so many. @default 500 */
  readonly size?: number;
  /** “All” is whatever the field holds, rather than what is offered. @default true */
  readonly allIsAny?: false;
  readonly hidden?: true;
}

function variable(parts: VariableParts, many: boolean): Variable {
  const { name, label, description, from, field, where, sort, order = 'asc', regex = '', size = 500 } = parts;
  const query = JSON.stringify({ find: 'terms', field, query: where, size, orderBy: 'key', order });
  return {
    type: 'query',
    name,
    label,
    description,
    datasource: datasource(from),
    query,
    definition: query,
    refresh: 2,
    regex,
    sort,
    multi: many,
    includeAll: many,
    ...(many && (parts.allIsAny ?? true) ? { allValue: '*' } : {}),
    current: many ? { text: 'All', value: '$__all' } : {},
    options: [],
    hide: parts.hidden ? 2 : 0,
    skipUrlSync: false,
  };
}

/** One of some values. */
export function choice(
  { name, label, description }: Pick<VariableParts, 'name' | 'label' | 'description'>,
  values: readonly string[],
  first: string,
): Choice {
  return {
    type: 'custom',
    name,
    label,
    description,
    query: values.join(','),
    current: { text: first, value: first },
    options: values.map((value) => ({ text: value, value, selected: value === first })),
    multi: false,
    includeAll: false,
    hide: 0,
    skipUrlSync: false,
  };
}

/** One value of a field is chosen: `field:"$name"`. */
export const one = (parts: VariableParts): Variable => variable(parts, false);

/** Any number of values of a field, or all of them: `field:$name`. */
export const many = (parts: VariableParts): Variable => variable(parts, true);
