/** Where a relay writes down what it learns, for auditors and for tests of P2. Cells themselves are seen by the link's witness. */
export interface Tap {
  event(name: TapEvent, fields: Readonly<Record<string, string | number | Uint8Array>>): void;
}

/** create: a circuit from a neighbour; extend: to which relay; message: opened at the last hop; say: what the last hop answers or pushes; destroy: its end. */
export type TapEvent = 'create' | 'extend' | 'message' | 'say' | 'destroy';
