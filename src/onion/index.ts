export { CircuitClosed, MessageKind, type CellSink, type Circuit, type ExitCircuit, type ExitHandler, type Message } from './circuit.ts';
export { BuildFailed, CircuitClient, type BuildOptions, type CircuitClientOptions, type TimeSample } from './client.ts';
export { hopLimits, type HopLimits, type HopOptions } from './hop-options.ts';
export { Hop } from './hop.ts';
export { DELAY_MEANS, DestroyReason, RefusedCode, decodeRefused, encodeRefused, type DelayClass, type Refused } from './layouts.ts';
export {
  CircuitPool,
  UnknownRelay,
  type Blame,
  type CircuitPoolOptions,
  type CircuitSource,
  type CircuitUser,
  type Keep,
  type Service,
} from './pool.ts';
export type { Tap, TapEvent } from './tap.ts';
