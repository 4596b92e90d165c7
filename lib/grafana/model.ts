// The classic dashboard JSON, as much of it as ours is made of.
import type { Datasource, Query } from './query';

/** Of a panel whose queries go to several data sources. */
interface Mixed {
  readonly type: 'datasource';
  readonly uid: '-- Mixed --';
}

interface Legend {
  readonly displayMode: 'list' | 'table';
  readonly placement: 'bottom' | 'right';
  readonly showLegend: boolean;
  readonly calcs: readonly string[];
}
interface Tooltip {
  readonly mode: 'multi' | 'single';
  readonly sort: 'desc' | 'none';
}
interface Reduce {
  readonly calcs: readonly [string];
  /** '' is every number; else a regular expression between slashes. */
  readonly fields: string;
  /** Each row has one, instead of one for all of them. */
  readonly values: boolean;
}

export interface Link {
  readonly title: string;
  readonly url: string;
}
type Property =
  | { readonly id: 'displayName' | 'unit' | 'custom.fillBelowTo'; readonly value: string }
  | { readonly id: 'custom.lineWidth'; readonly value: number }
  | { readonly id: 'color'; readonly value: { readonly mode: 'fixed'; readonly fixedColor: string } }
  | { readonly id: 'links'; readonly value: readonly Link[] };
export interface Override {
  readonly matcher: { readonly id: 'byName' | 'byRegexp'; readonly options: string };
  readonly properties: readonly Property[];
}

interface FieldConfig<Custom> {
  readonly defaults: {
    readonly unit: string;
    readonly displayName?: string;
    readonly mappings?: readonly Mapping[];
    readonly min?: number;
    readonly max?: number;
    readonly noValue?: string;
    readonly color: { readonly mode: 'palette-classic' | 'thresholds' | 'continuous-BlYlRd' };
    readonly thresholds: {
      readonly mode: 'absolute';
      readonly steps: readonly { readonly color: string; readonly value: number | null }[];
    };
    readonly custom: Custom;
  };
  readonly overrides: readonly Override[];
}

/** Numbers from 1 on are this text. */
interface Mapping {
  readonly type: 'range';
  readonly options: {
    readonly from: 1;
    readonly to: number;
    readonly result: { readonly text: string; readonly color: string; readonly index: 0 };
  };
}

export type Transformation =
  | {
      readonly id: 'filterFieldsByName';
      readonly options: { readonly include: { readonly names: readonly string[] } };
    }
  | {
      readonly id: 'organize';
      readonly options: {
        readonly indexByName: Readonly<Record<string, number>>;
        readonly excludeByName: Readonly<Record<string, true>>;
      };
    }
  | {
      readonly id: 'groupingToMatrix';
      readonly options: {
        readonly columnField: string;
        readonly rowField: string;
        readonly valueField: string;
        readonly emptyValue: 'null';
      };
    }
  | {
      readonly id: 'convertFieldType';
      readonly options: {
        readonly fields: Readonly<Record<never, never>>;
        readonly conversions: readonly [{ readonly targetField: string; readonly destinationType: 'number' }];
      };
    }
  | { readonly id: 'merge'; readonly options: Readonly<Record<never, never>> }
  | { readonly id: 'sortBy'; readonly options: { readonly sort: readonly [{ readonly field: string }] } };

interface PanelOf<Type extends string, Options, Custom> {
  readonly type: Type;
  readonly title: string;
  readonly description: string;
  readonly datasource: Datasource | Mixed;
  readonly targets: readonly Query[];
  readonly fieldConfig: FieldConfig<Custom>;
  readonly options: Options;
  readonly transformations: readonly Transformation[];
}

export type Graph = PanelOf<
  'timeseries',
  { readonly legend: Legend; readonly tooltip: Tooltip },
  {
    readonly drawStyle: 'line';
    readonly lineWidth: number;
    readonly fillOpacity: number;
    readonly showPoints: 'auto';
    /** Milliseconds: samples closer than this are joined, a longer silence is a gap. */
    readonly spanNulls: number;
    readonly stacking: { readonly mode: 'none' | 'normal'; readonly group: 'A' };
  }
>;
export type Figure = PanelOf<
  'stat',
  {
    readonly reduceOptions: Reduce;
    readonly colorMode: 'value';
    readonly graphMode: 'none';
    readonly textMode: 'value';
    readonly justifyMode: 'auto';
    readonly orientation: 'auto';
  },
  Record<never, never>
>;
export type Gauge = PanelOf<
  'bargauge',
  {
    readonly reduceOptions: Reduce;
    readonly displayMode: 'basic';
    readonly orientation: 'horizontal';
    readonly valueMode: 'color';
  },
  Record<never, never>
>;
export type Table = PanelOf<
  'table',
  { readonly showHeader: true; readonly cellHeight: 'sm' },
  { readonly align: 'auto'; readonly filterable: true }
>;
export type Bars = PanelOf<
  'barchart',
  {
    readonly orientation: 'horizontal';
    readonly xField: string;
    readonly showValue: 'auto';
    readonly stacking: 'none';
    readonly barWidth: number;
    readonly groupWidth: number;
    readonly xTickLabelRotation: number;
    readonly xTickLabelMaxLength: number;
    readonly fullHighlight: true;
    readonly legend: Legend;
    readonly tooltip: Tooltip;
  },
  { readonly fillOpacity: number; readonly lineWidth: number }
>;
/** A row for each line, in colours of its values: each value holds until the next one. */
export type ColorRows = PanelOf<
  'state-timeline',
  {
    readonly mergeValues: true;
    readonly showValue: 'never';
    readonly alignValue: 'left';
    readonly rowHeight: number;
    readonly legend: Legend;
    readonly tooltip: Tooltip;
  },
  Pick<Graph['fieldConfig']['defaults']['custom'], 'lineWidth' | 'fillOpacity' | 'spanNulls'>
>;
/** Lines over a number that is no time. */
export type Curves = PanelOf<
  'trend',
  { readonly legend: Legend; readonly tooltip: Tooltip },
  Pick<Graph['fieldConfig']['defaults']['custom'], 'drawStyle' | 'lineWidth' | 'fillOpacity'> & {
    readonly showPoints: 'auto';
    readonly spanNulls: true;
  }
>;
export type Panel = Graph | Figure | Gauge | Table | Bars | ColorRows | Curves;

interface Placed {
  readonly id: number;
  /** In a grid of 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}
export type PlacedPanel = Panel & Placed;

export interface Row extends Placed {
  readonly type: 'row';
  readonly title: string;
  readonly collapsed: boolean;
  /** The row stands once for each value of this variable. */
  readonly repeat?: string;
  /** Those of a collapsed row; the others follow it. */
  readonly panels: readonly PlacedPanel[];
}

/** One of some values that stand in it. */
export interface Choice {
  readonly type: 'custom';
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** The values, apart by commas. */
  readonly query: string;
  readonly current: { readonly text: string; readonly value: string };
  readonly options: readonly { readonly text: string; readonly value: string; readonly selected: boolean }[];
  readonly multi: false;
  readonly includeAll: false;
  readonly hide: 0;
  readonly skipUrlSync: false;
}

export interface Variable {
  readonly type: 'query';
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly datasource: Datasource;
  /** JSON: the plugin's own form, which all of its versions read. */
  readonly query: string;
  readonly definition: string;
  /** 2: asked again when the time range changes. */
  readonly refresh: 2;
  /** Its groups `text` and `value`, where it has some, are what is shown and what it stands for. */
  readonly regex: string;
  /** 0: as they come · 1: by the alphabet · 3: by number. */
  readonly sort: 0 | 1 | 3;
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly allValue?: '*';
  readonly current: Record<never, never> | { readonly text: 'All'; readonly value: '$__all' };
  readonly options: readonly [];
  /** 2: not shown. */
  readonly hide: 0 | 2;
  readonly skipUrlSync: false;
}

export interface Annotation {
  readonly name: string;
  readonly datasource: Datasource;
  readonly enable: boolean;
  readonly hide: false;
  readonly iconColor: string;
  /** Lucene. */
  readonly query: string;
  readonly timeField: string;
  readonly timeEndField?: string;
  readonly textField: string;
  readonly tagsField?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly timezone: 'utc';
  readonly schemaVersion: 38;
  readonly version: 1;
  readonly editable: true;
  /** 1: the crosshair is shared by all panels. */
  readonly graphTooltip: 1;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: 'now' };
  readonly links: readonly {
    readonly type: 'dashboards';
    readonly title: string;
    readonly tags: readonly string[];
    readonly asDropdown: false;
    readonly includeVars: boolean;
    readonly keepTime: true;
    readonly targetBlank: false;
    readonly icon: 'external link';
    readonly tooltip: '';
    readonly url: '';
  }[];
  readonly templating: { readonly list: readonly (Variable | Choice)[] };
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly panels: readonly (PlacedPanel | Row)[];
}
