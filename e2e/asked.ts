/**
 * What a whole browser asked of the network, by its own record (Chromium's NetLog): pages, workers and service workers alike.
 *
 *   const ana = await people.open('ana', { args: recordTo(file) });   …   await ana.close();   const { dialled } = askedBy(file);
 */
import { readFileSync } from 'node:fs';

/** Its maker's services, which Chromium asks for updates, accounts and forms whatever page is open. Their names lead nowhere. */
const ownServices = /(^|\.)google(apis)?\.com$|^~notfound$/i;

export const recordTo = (file: string): string[] => [
  `--log-net-log=${file}`,
  '--host-resolver-rules=MAP *.google.com ~NOTFOUND, MAP *.googleapis.com ~NOTFOUND',
];

interface Event {
  readonly type: number;
  readonly params?: {
    readonly url?: string;
    readonly initiator?: string;
    readonly host?: string;
    readonly local_address?: string;
    readonly remote_address?: string;
  };
}

export interface Asked {
  /** host:port of all that pages and workers requested, WebSockets too, and of whatever else was not the browser's own. */
  readonly requested: ReadonlySet<string>;
  /** Names that were looked up, but for the browser's own. */
  readonly looked: ReadonlySet<string>;
  /** Connections that stood: host:port at either end. */
  readonly connected: readonly { readonly from: string; readonly to: string }[];
}

/** Only after the browser was closed: the record is whole then. */
export function askedBy(file: string): Asked {
  const { constants, events } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> };
    readonly events: readonly Event[];
  };
  const all = (name: string): NonNullable<Event['params']>[] => {
    const type = constants.logEventTypes[name];
    if (type === undefined) throw new Error(`this browser's record knows no ${name}`);
    return events.flatMap((event) => (event.type === type && event.params !== undefined ? event.params : []));
  };
  const requests = all('URL_REQUEST_START_JOB').flatMap(({ url, initiator }) => {
    if (url === undefined || !/^(https?|wss?):/.test(url)) return [];
    const { host, hostname } = new URL(url);
    return initiator?.startsWith('http') !== true && ownServices.test(hostname) ? [] : host;
  });
  const names = all('HOST_RESOLVER_MANAGER_REQUEST').flatMap(({ host }) => (host === undefined ? [] : nameIn(host)));
  return {
    requested: new Set(requests),
    looked: new Set(names.filter((name) => !ownServices.test(name))),
    connected: all('TCP_CONNECT').flatMap(({ local_address: from, remote_address: to }) =>
      from === undefined || to === undefined ? [] : { from, to },
    ),
  };
}

/** `https://name`, `name:port` or `name`, as the versions of the record have it. */
const nameIn = (host: string): string => new URL(host.includes('://') ? host : `http://${host}`).hostname;
