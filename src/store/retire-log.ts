/**
 * Chromium keeps all databases of an origin in one LevelDB, whose log it goes on with after a start. If a kill or a power cut has
 * torn the log's end, that start reads all but the torn record; but what is then written behind it cannot be read, and at the start
 * after that Chromium finds the log corrupt and deletes every database of the origin.
 *
 *   start 1   … record record record | torn        killed in the middle of a write
 *   start 2   … record record record | torn | record record …
 *   start 3   corrupt: all is gone
 *
 * Deleting a database, even an empty one, makes Chromium compact, and so begin a new log: with that at start 2 nothing is lost. Other
 * browsers only do a little work for nothing.
 */

/** Shorter than any name of a store, so that it is none. */
const SCRATCH = '00';

/** To be done once after each start. Never rejects: without it things are as they were. */
export function retireLog(prefix: string): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => resolve();
    try {
      const opening = indexedDB.open(prefix + SCRATCH);
      opening.onerror = done;
      opening.onsuccess = () => {
        opening.result.close();
        const deleting = indexedDB.deleteDatabase(prefix + SCRATCH);
        deleting.onsuccess = done;
        deleting.onerror = done;
      };
    } catch {
      done();
    }
  });
}
