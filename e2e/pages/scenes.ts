/** What the scripted peer holds in each scene. Each function runs inside the page, so it may use nothing from outside itself. */

export type Scene = () => void;

/** A room with people and an agent, a talk over two days, the unread line, every state of a message, and circuits. */
export const garden: Scene = () => {
  const { peer, idOf } = window.script;
  type PersonaId = ReturnType<typeof peer.room> extends infer R ? (R extends { members: readonly { id: infer P }[] } ? P : never) : never;
  const persona = (word: string): PersonaId => idOf(word) as PersonaId;
  const noon = new Date().setHours(12, 0, 0, 0);
  const minute = 60_000;
  let made = 0;
  const says = (who: string, text: string, at: number, more: object = {}) => ({
    type: 'message' as const,
    id: `m${(made += 1)}`,
    author: persona(who),
    authorName: who === 'me' ? 'Quiet Heron' : who,
    mine: who === 'me',
    text,
    at,
    clockWrong: false,
    ...more,
  });
  peer.patch({
    name: 'Quiet Heron',
    network: {
      mode: 'balanced',
      disagreement: false,
      conduct: [{ id: 'low-gate', name: 'low-gate', what: 'not-kept' }],
      refused: { replayed: 2, malformed: 1 },
      relays: ['tall-reed', 'salt-barn', 'north-sluice', 'low-gate', 'old-weir'].map((name, i) => ({
        id: name,
        address: `/ip4/127.0.0.1/tcp/${9001 + i}/ws`,
        anchor: i < 3,
        guard: i === 0,
      })),
      circuits: [
        {
          id: 'c1',
          serves: 'Harbour garden',
          openedAt: Date.now() - 372_000,
          roundTrip: 41.6,
          hops: [
            { id: 'r1', name: 'tall-reed', address: '/ip4/127.0.0.1/tcp/9001/ws', place: 'guard' },
            { id: 'r2', name: 'salt-barn', address: '/ip4/127.0.0.1/tcp/9002/ws', place: 'middle' },
            { id: 'r3', name: 'north-sluice', address: '/ip4/127.0.0.1/tcp/9003/ws', place: 'mailbox' },
          ],
        },
        {
          id: 'c2',
          serves: '',
          openedAt: Date.now() - 20_000,
          hops: [
            { id: 'r1', name: 'tall-reed', address: '/ip4/127.0.0.1/tcp/9001/ws', place: 'guard' },
            { id: 'r4', name: 'low-gate', address: '/ip4/127.0.0.1/tcp/9004/ws', place: 'middle' },
            { id: 'r5', name: 'old-weir', address: '/ip4/127.0.0.1/tcp/9005/ws', place: 'mailbox' },
          ],
        },
      ],
    },
  });
  const yesterday = noon - 86_400_000;
  peer.patchRoom('garden', {
    name: 'Harbour garden',
    people: 5,
    firstUnread: 'm9',
    unread: 2,
    members: [
      { id: persona('me'), name: 'Quiet Heron', me: true, kind: 'person', role: 'owner', dye: 0, removable: false },
      { id: persona('Ana'), name: 'Ana', me: false, kind: 'person', role: 'member', dye: 0, removable: true },
      { id: persona('Emeka'), name: 'Emeka', me: false, kind: 'person', role: 'member', dye: 2, removable: true, trouble: 'frozen' },
      { id: persona('Almanac'), name: 'Almanac', me: false, kind: 'agent', role: 'member', dye: 3, removable: true },
      {
        id: persona('Farah'),
        name: 'Farah (watering rota, Tuesdays and Thursdays)',
        me: false,
        kind: 'person',
        role: 'member',
        dye: 4,
        removable: true,
      },
    ],
    timeline: [
      { type: 'event', id: 'e1', at: yesterday - minute, event: { what: 'created', who: 'Quiet Heron' } },
      { type: 'event', id: 'e2', at: yesterday, event: { what: 'joined', who: 'Ana' } },
      says('Ana', 'Morning all. The council said yes to the two extra beds by the crane.', yesterday + minute),
      says('Ana', 'We have until Sunday to send a planting plan: https://council.example/beds/2027?plan=new.', yesterday + minute),
      says('me', 'Wonderful.', yesterday + 5 * minute, { state: 'read' }),
      says('me', 'I’ll draft the plan tonight and bring it to the greenhouse.', yesterday + 6 * minute, { state: 'read' }),
      { type: 'event', id: 'e3', at: noon, event: { what: 'joined', who: 'Emeka' } },
      says('Emeka', 'Six beds, water on the left. Rough, sorry!', noon + minute),
      says('me', 'Not rough at all. Could bed 4 and bed 5 swap, so the beans get the south wall?', noon + 3 * minute, {
        state: 'delivered',
      }),
      says('me', 'Does eight o’clock work for everyone?', noon + 4 * minute, { state: 'sent' }),
      says('Almanac', 'Plant before the 20th, or cover the beds.', noon + 6 * minute),
      says('Emeka', 'Here’s what I have:\n\n  beans, leeks\n  two rows of chard', noon + 30 * minute),
      says('Emeka', 'حديقة المرفأ عند البوابة الساعة الثامنة', noon + 31 * minute),
      says('me', 'I can open the gate from seven.', noon + 40 * minute, { state: 'queued' }),
    ],
  });
  peer.patchRoom('ferry', {
    name: 'Night ferry crew with a name that is far too long for the list',
    people: 2,
    unread: 12,
    timeline: [says('Farah', 'can you take the late watch?', noon - 3 * minute)],
  });
  peer.patchRoom('arabic', {
    name: 'حديقة المرفأ',
    people: 2,
    timeline: [says('Noor', 'نلتقي عند البوابة الساعة الثامنة', noon - 86_400_000 * 3)],
  });
  peer.patchRoom('waiting', { name: 'Kitchen table', people: 2, standing: 'waiting' });
  // The room that is looked at stays open: what is unread in it is read once its end is seen.
};

/** What can go wrong in a room, all at once. */
export const garden2: Scene = () => {
  const { peer, idOf } = window.script;
  type Room = NonNullable<ReturnType<typeof peer.room>>;
  type PersonaId = Room['members'][number]['id'];
  peer.patch({
    name: 'Quiet Heron',
    connection: { state: 'offline', hops: 0, words: 'Offline' },
    storage: { trouble: 'full', askToPersist: true },
  });
  peer.patchRoom('garden', {
    name: 'Harbour garden',
    people: 3,
    standing: 'waiting',
    mayInvite: false,
    joinRequests: [{ id: 'j1', name: 'Bo', why: 'two-for-one-use' }],
    timeline: [
      {
        type: 'message',
        id: 'm1',
        author: idOf('me') as PersonaId,
        authorName: 'Quiet Heron',
        mine: true,
        text: 'Is anybody in?',
        at: Date.now() - 60_000,
        clockWrong: false,
        state: 'failed',
        failure: 'This device is full.',
      },
      {
        type: 'message',
        id: 'm2',
        author: idOf('Ana') as PersonaId,
        authorName: 'Ana',
        mine: false,
        text: 'Soon.',
        at: Date.now() - 30_000,
        clockWrong: true,
      },
    ],
  });
};
