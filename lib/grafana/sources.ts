// Data sources and the dashboards' folder, as Grafana provisions them.
import { STREAMS, type Stream } from '../sinks/elasticsearch/documents/streams';

export interface DatasourceFile {
  readonly apiVersion: 1;
  readonly datasources: readonly {
    readonly name: Stream;
    readonly uid: Stream;
    readonly type: 'elasticsearch';
    readonly access: 'proxy';
    readonly orgId: 1;
    readonly url: string;
    readonly editable: false;
    readonly jsonData: {
      readonly index: Stream;
      readonly timeField: '@timestamp';
      /** The narrowest bucket: samples are exported each 100 ms at the finest. */
      readonly timeInterval: '100ms';
      readonly maxConcurrentShardRequests: 5;
      readonly httpHeaderName1: 'Authorization';
    };
    readonly secureJsonData: { readonly httpHeaderValue1: string };
  }[];
}

/** Where Elasticsearch is, and what it is told, stands in Grafana's environment. */
export const datasources: DatasourceFile = {
  apiVersion: 1,
  datasources: STREAMS.map((stream) => ({
    name: stream,
    uid: stream,
    type: 'elasticsearch',
    access: 'proxy',
    orgId: 1,
    url: '$ELASTICSEARCH_URL',
    editable: false,
    jsonData: {
      index: stream,
      timeField: '@timestamp',
      timeInterval: '100ms',
      maxConcurrentShardRequests: 5,
      httpHeaderName1: 'Authorization',
    },
    secureJsonData: { httpHeaderValue1: '$ELASTICSEARCH_AUTHORIZATION' },
  })),
};

export interface ProviderFile {
  readonly apiVersion: 1;
  readonly providers: readonly [
    {
      readonly name: string;
      readonly orgId: 1;
      readonly folder: string;
      readonly type: 'file';
      readonly disableDeletion: false;
      readonly allowUiUpdates: true;
      readonly updateIntervalSeconds: number;
      readonly options: { readonly path: string };
    },
  ];
}

export const provider: ProviderFile = {
  apiVersion: 1,
  providers: [
    {
      name: 'nvpulse',
      orgId: 1,
      folder: 'nvpulse',
      type: 'file',
      disableDeletion: false,
      allowUiUpdates: true,
      updateIntervalSeconds: 60,
      options: { path: '/etc/grafana/provisioning/dashboards/nvpulse' },
    },
  ],
};
