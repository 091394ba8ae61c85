/** For Node alone. */
export { sqliteStore, type SqliteOptions } from './sqlite.ts';
