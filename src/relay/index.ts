export { parseConfig, readSettings, type RelayLimits, type RelaySettings } from './config.ts';
export { createRelay, relayIdentity, VERSION, type Relay, type RelayConfig } from './relay.ts';
