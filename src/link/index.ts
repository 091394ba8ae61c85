export * from './link.ts';
export { parseAddress, type Address } from './address.ts';
export { CONTROL_PAYLOAD_BYTES, ControlReader, encodeControl, MAX_PARTS, type Control } from './control.ts';
export { libp2pLink, type Libp2pLinkOptions } from './libp2p.ts';
export { memoryNetwork, type Faults, type MemoryNetwork, type MemoryNodeOptions, type MemoryOptions } from './memory.ts';
export { FELL_SILENT, linkLimits, type LinkLimits } from './neighbour.ts';
