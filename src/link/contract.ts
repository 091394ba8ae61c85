/** What every LinkNode must do, whatever carries its cells; run by the tests of each implementation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bytes } from '../base/index.ts';
import { CELL_BYTES, ControlType, type CellLink, type LinkHandler, type LinkNode, type LinkWitness } from './link.ts';
import { CONTROL_PAYLOAD_BYTES, MAX_PARTS } from './control.ts';

/** Limits under which the contract is run: heartbeats quick enough to be waited for. ms */
export const contractLimits = { every: 60, silence: 1_500 };

export interface ContractSetup {
  /** A node that can be dialled (`listens`) or not. */
  node(handler: LinkHandler, listens: boolean, witness?: LinkWitness): Promise<LinkNode>;
  /** Lets the network run until the condition holds. Rejects when it never does. */
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Keeps all that a handler is told. */
export class Recorder implements LinkHandler {
  readonly links: CellLink[] = [];
  readonly cells: { link: CellLink; circuit: number; counter: number; cell: Bytes }[] = [];
  readonly controls: { link: CellLink; type: ControlType; circuit: number; payload: Bytes }[] = [];
  readonly closings: { link: CellLink; why: string }[] = [];

  opened(link: CellLink): void {
    this.links.push(link);
  }

  cell(link: CellLink, circuit: number, counter: number, cell: Bytes): void {
    this.cells.push({ link, circuit, counter, cell });
  }

  control(link: CellLink, type: ControlType, circuit: number, payload: Bytes): void {
    this.controls.push({ link, type, circuit, payload });
  }

  closed(link: CellLink, why: string): void {
    this.closings.push({ link, why });
  }
}

/** A cell with that circuit and counter, filled with what follows from both. */
export function testCell(circuit: number, counter: number): Bytes {
  const cell = new Uint8Array(CELL_BYTES).fill((circuit * 31 + counter) & 0xff);
  new DataView(cell.buffer).setUint32(0, circuit);
  new DataView(cell.buffer).setUint32(4, counter);
  return cell;
}

const ramp = (length: number): Bytes => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);

async function joined(setup: ContractSetup, listens = false, witness?: LinkWitness) {
  const [here, there] = [new Recorder(), new Recorder()];
  const server = await setup.node(there, true);
  const client = await setup.node(here, listens, witness);
  const dial = client.dial(server.addresses());
  let near: CellLink | undefined;
  void dial.then((link) => (near = link));
  await setup.until(() => near !== undefined && there.links.length === 1);
  const far = there.links[0];
  if (near === undefined || far === undefined) throw new Error('not joined');
  return { here, there, server, client, near, far };
}

export function linkContract(name: string, make: () => Promise<ContractSetup>): void {
  describe(`link contract: ${name}`, () => {
    let setup: ContractSetup;
    beforeEach(async () => {
      setup = await make();
    });
    afterEach(() => setup.stop());

    it('a dial opens one link, seen from both sides', async () => {
      const { here, there, near, far } = await joined(setup);
      expect(here.links).toEqual([near]);
      expect([near.initiator, far.initiator]).toEqual([true, false]);
      expect(near.remote).toMatch(/^.+:\d+$/);
      expect(far.remote).toMatch(/^.+:\d+$/);
      expect([near.closed, far.closed, here.closings, there.closings]).toEqual([false, false, [], []]);
    });

    it('cells arrive whole and in order, both ways', async () => {
      const { here, there, near, far } = await joined(setup);
      const count = 2000;
      for (let i = 0; i < count; i++) {
        near.send(testCell(7, i));
        if (i % 4 === 0) far.send(testCell(0x80000001, i));
      }
      await setup.until(() => there.cells.length === count && here.cells.length === count / 4);
      there.cells.forEach(({ link, circuit, counter, cell }, i) => {
        expect([link, circuit, counter]).toEqual([far, 7, i]);
        expect(cell).toEqual(testCell(7, i));
      });
      here.cells.forEach(({ cell }, i) => expect(cell).toEqual(testCell(0x80000001, 4 * i)));
      expect(near.queued).toBe(0);
    });

    it('the bytes sent are a copy', async () => {
      const { there, near } = await joined(setup);
      const cell = testCell(7, 0);
      near.send(cell);
      cell.fill(0);
      await setup.until(() => there.cells.length === 1);
      expect(there.cells[0]?.cell).toEqual(testCell(7, 0));
    });

    it('control messages of every size arrive whole, in order with the cells around them', async () => {
      const { there, near, far } = await joined(setup);
      const sizes = [0, 1, CONTROL_PAYLOAD_BYTES, CONTROL_PAYLOAD_BYTES + 1, MAX_PARTS * CONTROL_PAYLOAD_BYTES];
      for (const size of sizes) near.sendControl(ControlType.CREATE, 9, ramp(size));
      await setup.until(() => there.controls.length === sizes.length);
      sizes.forEach((size, i) =>
        expect(there.controls[i]).toEqual({ link: far, type: ControlType.CREATE, circuit: 9, payload: ramp(size) }),
      );
      expect(() => near.sendControl(ControlType.CREATE, 9, ramp(MAX_PARTS * CONTROL_PAYLOAD_BYTES + 1))).toThrow(RangeError);
      expect(() => near.send(new Uint8Array(CELL_BYTES - 1))).toThrow(RangeError);
    });

    it('dialling a neighbour gives the link that stands, from either side', async () => {
      const { there, here, client, server, near, far } = await joined(setup, true);
      const links: CellLink[] = [];
      for (const dial of [client.dial(server.addresses()), server.dial(client.addresses())]) void dial.then((link) => links.push(link));
      await setup.until(() => links.length === 2);
      expect(new Set(links)).toEqual(new Set([near, far]));
      expect([here.links.length, there.links.length]).toEqual([1, 1]);
    });

    it('a closed link is closed on both sides, once, and can be dialled again', async () => {
      const { here, there, client, server, near, far } = await joined(setup);
      near.close('enough');
      near.close('again');
      near.send(testCell(1, 1));
      near.sendControl(ControlType.DESTROY, 1, Uint8Array.of(0));
      await setup.until(() => there.closings.length > 0);
      expect(here.closings).toEqual([{ link: near, why: 'enough' }]);
      expect([near.closed, far.closed, there.closings.length]).toEqual([true, true, 1]);
      expect(there.cells.length + there.controls.length).toBe(0);
      let again: CellLink | undefined;
      void client.dial(server.addresses()).then((link) => (again = link));
      await setup.until(() => again !== undefined && there.links.length === 2);
      expect(there.links[1]?.closed).toBe(false);
    });

    it('an idle link is kept alive by both sides', async () => {
      const padding = { in: 0, out: 0 };
      const witness: LinkWitness = {
        opened: () => undefined,
        cell: (_link, direction) => (padding[direction] += 1),
        closed: () => undefined,
      };
      const { here, there, near } = await joined(setup, false, witness);
      await setup.until(() => padding.in >= 25 && padding.out >= 10);
      expect([near.closed, here.controls, there.controls, here.cells, there.cells]).toEqual([false, [], [], [], []]);
    });

    it('stopping a node closes its links', async () => {
      const { here, there, server, client } = await joined(setup);
      await server.stop();
      await setup.until(() => here.closings.length === 1 && there.closings.length === 1);
      await expect(
        Promise.race([rejection(client.dial(server.addresses())), setup.until(() => false).catch(() => 'hangs')]),
      ).resolves.toMatch(/no neighbour answered|no address/);
    });

    it('a dial that nobody answers says why', async () => {
      const client = await setup.node(new Recorder(), false);
      expect(client.addresses()).toEqual([]);
      expect(await rejection(client.dial([]))).toMatch(/no address to dial/);
      let why = '';
      void rejection(client.dial(['/nonsense'])).then((text) => (why = text));
      await setup.until(() => why !== '');
      expect(why).toMatch(/no neighbour answered \(\/nonsense: /);
    });
  });
}

const rejection = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => String(error),
  );
