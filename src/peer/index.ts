export type { Machine, MachineEvents } from './machine.ts';
export { createPeer, LocalPeer, type PeerOptions } from './peer.ts';
export * from './view.ts';
