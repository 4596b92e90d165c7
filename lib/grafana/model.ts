// The classic dashboard JSON, as much of it as ours is made of.
import type { Datasource, Query } from './query';

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
  /** '' is every number. */
  readonly fields: '';
  readonly values: false;
}

export interface Link {
  readonly title: string;
  readonly url: string;
}
type Property =
  | { readonly id: 'displayName' | 'unit'; readonly value: string }
  | { readonly id: 'links'; readonly value: readonly Link[] };
export interface Override {
  readonly matcher: { readonly id: 'byName'; readonly options: string };
  readonly properties: readonly Property[];
}

interface FieldConfig<Custom> {
  readonly defaults: {
    readonly unit: string;
    readonly min?: number;
    readonly max?: number;
    readonly noValue?: string;
    readonly color: { readonly mode: 'palette-classic' | 'thresholds' };
    readonly thresholds: {
      readonly mode: 'absolute';
      readonly steps: readonly { readonly color: string; readonly value: number | null }[];
    };
    readonly custom: Custom;
  };
  readonly overrides: readonly Override[];
}

export type Transformation =
  | {
      readonly id: 'filterFieldsByName';
      readonly options: { readonly include: { readonly names: readonly string[] } };
    }
  | { readonly id: 'organize'; readonly options: { readonly indexByName: Readonly<Record<string, number>> } };

interface PanelOf<Type extends string, Options, Custom> {
  readonly type: Type;
  readonly title: string;
  readonly description: string;
  readonly datasource: Datasource;
  readonly targets: readonly Query[];
  /** The narrowest bucket. */
  readonly interval?: string;
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
    /** The axis goes at least so far. */
    readonly axisSoftMax?: number;
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
export type Panel = Graph | Figure | Gauge | Table | Bars;

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
  readonly regex: '';
  /** 0: as they come · 1: by the alphabet · 3: by number. */
  readonly sort: 0 | 1 | 3;
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly allValue?: '*';
  readonly current: Record<never, never> | { readonly text: 'All'; readonly value: '$__all' };
  readonly options: readonly [];
  readonly hide: 0;
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
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly panels: readonly (PlacedPanel | Row)[];
}
