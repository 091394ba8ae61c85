/** What this device keeps beside its rooms: the list of them, a name to begin with, the guards, the last directory. */
import { idBytes, isRefusal, roomId, toHex, type Bytes, type Random, type RoomId } from '../base/index.ts';
import { VaultLost, type Records, type Store } from '../store/index.ts';
import { create, decodeStrict, DeviceRecordSchema, encode, RoomEntrySchema, type DeviceRecord } from '../wire/index.ts';

/** The one name that must be known before anything is open; it says nothing. */
const DEVICE_STORE = '5c0f1e8a93b24d76';
const DEVICE = 'device';

export class Device {
  readonly #records: Records;
  readonly #record: DeviceRecord;

  private constructor(records: Records, record: DeviceRecord) {
    this.#records = records;
    this.#record = record;
  }

  /** The browser had lost what this device kept: it began anew, without its rooms. */
  lost = false;

  /** Rejects with StoreError; throws an Error when the record is damaged. */
  static async open(store: Store): Promise<Device> {
    try {
      return await Device.#read(store);
    } catch (error) {
      if (!(error instanceof VaultLost)) throw error;
      await store.remove(DEVICE_STORE);
      const device = await Device.#read(store);
      device.lost = true;
      return device;
    }
  }

  static async #read(store: Store): Promise<Device> {
    const records = await store.open(DEVICE_STORE);
    const kept = records.get(DEVICE);
    if (kept === undefined) return new Device(records, create(DeviceRecordSchema));
    const record = decodeStrict(DeviceRecordSchema, kept);
    if (isRefusal(record)) throw new Error('What this device keeps is damaged: its list of rooms cannot be read.');
    return new Device(records, record);
  }

  get name(): string {
    return this.#record.name;
  }

  rename(name: string): Promise<void> {
    this.#record.name = name;
    return this.#keep();
  }

  rooms(): { readonly room: RoomId; readonly store: string }[] {
    return this.#record.rooms.map(({ room, store }) => ({ room: roomId(room), store }));
  }

  /** A fresh opaque name for the records of a room. */
  static storeName(random: Random): string {
    return toHex(random.bytes(16));
  }

  addRoom(room: RoomId, store: string): Promise<void> {
    this.#record.rooms.push(create(RoomEntrySchema, { room: idBytes(room), store }));
    return this.#keep();
  }

  dropRoom(room: RoomId): Promise<void> {
    this.#record.rooms = this.#record.rooms.filter((entry) => roomId(entry.room) !== room);
    return this.#keep();
  }

  get asks(): { readonly delivered: boolean; readonly asked: boolean } {
    return { delivered: this.#record.delivered, asked: this.#record.askedToPersist };
  }

  noteDelivered(): Promise<void> {
    this.#record.delivered = true;
    return this.#keep();
  }

  noteAsked(): Promise<void> {
    this.#record.askedToPersist = true;
    return this.#keep();
  }

  /** A value of the network's own: guards, anchors, directory. */
  kept(key: string): Uint8Array | undefined {
    return this.#records.get(`n/${key}`);
  }

  keep(key: string, value: Bytes): Promise<void> {
    return this.#records.commit({ put: [[`n/${key}`, value]] });
  }

  #keep(): Promise<void> {
    return this.#records.commit({ put: [[DEVICE, encode(DeviceRecordSchema, this.#record)]] });
  }
}
