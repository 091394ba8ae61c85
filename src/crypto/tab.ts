/** The door for the page's own look at the core; everything else goes through index.ts. */
export { measureCore, type Row } from './measure.ts';
