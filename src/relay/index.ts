export { AssembledRelay, VERSION, type Relay, type RelayParts } from './assembly.ts';
export { parseConfig, readSettings, type RelayLimits, type RelaySettings } from './config.ts';
export { createRelay, relayIdentity, type RelayConfig } from './relay.ts';
