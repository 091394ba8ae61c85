export { SEGMENT_ENTRIES } from './append.ts';
export { hlcAt, millisecondsOf } from './hlc.ts';
export { NOTHING, Replica, type Accepted, type Cut, type EntryRecord, type Head, type ReplicaOptions, type Rights } from './replica.ts';
export { UPDATE_BYTES } from './update.ts';
