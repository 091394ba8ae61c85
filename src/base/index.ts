export { Bucket } from './bucket.ts';
export * from './bytes.ts';
export * from './clock.ts';
export * from './errors.ts';
export * from './ids.ts';
export { lanes, type Lanes } from './lanes.ts';
export { Secret } from './secret.ts';
