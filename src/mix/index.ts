export { Covers, type CoverOptions } from './cover.ts';
export { Mix, type MixOptions } from './mix.ts';
export { BALANCED, type Mode } from './modes.ts';
