/** Imported before anything else, so that a link's secret part has left the address bar when the rest begins. */
import { Arrivals } from './arrivals.ts';

export const arrivals = new Arrivals(window);
