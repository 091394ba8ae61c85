export type { Machine, MachineEvents } from './machine.ts';
export type { DirectTerms, OpenDirect } from './direct.ts';
export { createPeer, LocalPeer, type PeerOptions } from './peer.ts';
export * from './view.ts';
