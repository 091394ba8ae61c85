/** Every word that the screen says. Plain, short, present tense: what happens and what to do. */
import type { EventItem, LinkRefusal, MessageState, StorageView } from './peer-view.ts';

/** "Ana", "Ana and Ben", "Ana, Ben and 3 others". */
const list = (who: readonly string[]): string => {
  const [first = '', second = ''] = who;
  if (who.length < 2) return first;
  return who.length === 2 ? `${first} and ${second}` : `${first}, ${second} and ${count(who.length - 2, 'other', 'others')}`;
};

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const words = {
  app: 'Sotto',
  title: (unread: number): string => (unread > 0 ? `(${unread}) Sotto` : 'Sotto'),
  opening: 'One moment.',
  openingLink: 'Opening the link.',
  dismiss: 'Dismiss',
  cancel: 'Cancel',
  close: 'Close',
  back: { rooms: 'Back to rooms', messages: 'Back to messages' },

  welcome: {
    lead: 'A private room for people. No account, no number, nothing to install.',
    knownAs: 'You’ll be known as',
    made: 'Made up just now. Change it if you like.',
    another: 'Suggest another name',
    newRoom: 'New room',
    haveLink: 'I have a link',
    limits:
      'Sotto hides what you say, to whom and from where, from every relay in between. It can’t hide that you use Sotto, nor stop someone who watches the whole network for days.',
  },

  link: {
    paste: 'Paste the link',
    open: 'Open it',
    title: 'I have a link',
    explain: 'Paste the link that somebody sent you. You see who it is from before anything happens.',
  },

  arrive: {
    reading: 'Asking who this link is from.',
    invites: 'invites you to',
    inside: (n: number): string => count(n, 'person inside', 'people inside'),
    carried: 'Carried',
    works: 'The link works',
    until: (when: string): string => `until ${when}`,
    knownAs: 'They’ll know you as',
    join: 'Join',
    notNow: 'Not now',
    already: 'You are in this room already.',
    openRoom: 'Open the room',
    small: 'Joining shows the room this name and nothing else. The link is already gone from the address bar.',
    failed: 'The link can’t be read yet.',
    again: 'Try again',
    toRooms: 'Go on without it',
  },

  refused: {
    used: {
      title: 'This link has been used.',
      what: 'It has let in as many people as it was made for. Ask whoever sent it for a new link.',
    },
    expired: { title: 'This link has expired.', what: 'It worked until a set day, and that is over. Ask whoever sent it for a new link.' },
    revoked: { title: 'This link was revoked.', what: 'Somebody in the room took it back. Ask whoever sent it for a new link.' },
    damaged: { title: 'This link is damaged.', what: 'A part of it is missing or changed. Copy all of it again, from where you got it.' },
  } satisfies Record<LinkRefusal, { title: string; what: string }>,

  otherTab: {
    title: 'Sotto is open in another tab',
    what: 'Only one tab at a time can speak for you. Your rooms are safe in both.',
    withLink: 'Only one tab at a time can speak for you. The link you opened is kept, and goes on here.',
    use: 'Use here',
  },

  failed: {
    title: 'Sotto can’t open',
    refused: {
      title: 'This browser will not let Sotto keep anything',
      what: 'Sotto keeps its keys and rooms in this browser, and can’t work without that. Leave private browsing, or allow this site to keep data, and try again.',
    },
    full: {
      title: 'This device is full',
      what: 'Sotto needs a little room to open. Free some space, then try again. Nothing that was kept is lost.',
    },
    closed: {
      title: 'The browser closed Sotto’s storage',
      what: 'Another tab may still hold it. Close other tabs of Sotto, then try again. Nothing that was kept is lost.',
    },
    damaged: {
      title: 'What was kept here is damaged',
      what: 'The browser lost or changed a part of it, and Sotto can’t open it. The others in your rooms still have what was said.',
    },
    again: 'Try again',
  },

  rooms: {
    nav: 'Your rooms',
    list: 'Rooms',
    unread: (n: number): string => `${n} unread`,
    you: 'You',
    draft: 'Draft',
    onlyYou: 'Only you so far',
    nothing: 'Nothing said yet',
    waiting: 'Waiting to be let in',
    removed: 'You were removed',
    left: 'You left',
    refused: 'The link came to nothing',
    newRooms: 'Your name in new rooms',
    changeName: 'Change your name',
    none: 'Pick a room, or start one.',
  },

  room: {
    people: (n: number): string => (n <= 1 ? 'Only you so far' : count(n, 'person', 'people')),
    connection: 'Connection',
    invite: 'Invite',
    about: 'About this room',
    messages: 'Messages',
    message: 'Message',
    messageTo: (room: string): string => `Message ${room}`,
    send: 'Send',
    nobody: 'Nobody else yet.',
    nobodyWhat: 'The room is open. Send its link to the people you want here; it works while you are away.',
    getLink: 'Get a link',
    newSince: (when: string): string => `New since ${when}`,
    jump: 'Jump to latest',
    jumpNew: (n: number): string => `${n} new`,
    retry: 'Retry',
    discard: 'Delete',
    failed: 'Not sent',
    clockWrong: 'This clock is more than a day off',
    by: (who: string, when: string): string => `${who}, ${when}`,
    agent: 'Agent',
  },

  state: {
    queued: 'Waiting for a relay',
    sent: 'Sent',
    delivered: 'Delivered',
    read: 'Read',
    failed: 'Not sent',
  } satisfies Record<MessageState, string>,

  waiting: {
    title: 'Waiting to be let in.',
    what: 'What you write is kept, and is read when somebody in the room lets you in.',
  },
  ended: {
    removed: { title: 'You were removed from this room.', what: 'What was said until then stays here. Nothing new comes in.' },
    left: { title: 'You left this room.', what: 'What was said until then stays here. Nothing new comes in.' },
  },

  asks: {
    policy: (who: string): string => `${who} would like to come in.`,
    two: (who: string): string => `Two people came with a link made for one. One of them is called ${who}.`,
    twoWhat: 'Let in only whom you know. If unsure, ask them some other way.',
    yes: (who: string): string => `Let in ${who}`,
    no: (who: string): string => `Turn away ${who}`,
    yesShort: 'Let in',
    noShort: 'Turn away',
  },

  noRelay: { title: 'No relay takes messages.', what: 'What you write is kept, and leaves when one answers.' },
  offline: { title: 'You’re offline.', what: 'What you write is kept, and leaves when a relay answers.' },

  storage: {
    full: { title: 'This device is full.', what: 'Nothing new is kept or sent until there is room. Nothing shown as sent is lost.' },
    refused: {
      title: 'This browser will not let Sotto keep anything.',
      what: 'Leave private browsing, or allow this site to keep data, and reload.',
    },
    taken: { title: 'Another tab has opened Sotto’s storage.', what: 'Nothing shown as sent is lost. Reload this page to go on here.' },
    closed: { title: 'The browser closed Sotto’s storage.', what: 'Nothing shown as sent is lost. Reload this page to go on.' },
    damaged: {
      title: 'A part of what was kept here is damaged.',
      what: 'It was left alone, and the rest is here. The others in the room may still have it.',
    },
  } satisfies Record<NonNullable<StorageView['trouble']>, { title: string; what: string }>,
  keep: {
    title: 'Your rooms live in this browser only.',
    what: 'Clearing this site’s data loses all of them. Ask the browser to keep them when space is short.',
    yes: 'Keep storage',
    no: 'Not now',
    kept: 'The browser will keep your rooms. Clearing this site’s data still loses them.',
    notKept: 'The browser made no promise. Clearing this site’s data, or a full disk, can lose your rooms.',
  },

  invite: {
    title: (room: string): string => `Invite to ${room}`,
    what: 'Whoever holds this link can join until it ends. Send it by a way you trust.',
    link: 'Invite link',
    copy: 'Copy link',
    copied: 'Copied. It is on the clipboard now.',
    notCopied: 'The browser did not allow copying. The link is selected: press Ctrl-C.',
    making: 'Making the link',
    again: 'Try again',
    over: 'This link has ended.',
    another: 'Make another',
    ends: 'Ends after',
    hours: { 1: '1 hour', 24: '1 day', 168: '7 days' },
    used: 'Can be used',
    uses: { 1: 'once', 5: '5 times', 25: '25 times' },
    qr: 'QR code of the link',
    camera: 'Or point a camera here',
    open: 'Links still open',
    thisOne: 'This link',
    otherOne: 'Another link',
    left: (left: number, uses: number, ends: string): string => `${left} of ${count(uses, 'use', 'uses')} left, ends ${ends}`,
    revoke: 'Revoke',
  },

  panel: {
    label: 'About this room',
    people: 'People',
    network: 'Network',
    agents: 'Agents',
    room: 'This room',
    you: 'You',
    owner: 'Made the room',
    member: 'In the room',
    trouble: {
      frozen: 'Frozen: wrote two different histories',
      deceived: 'Gave you a key that is not the others’',
    },
    remove: 'Remove',
    removeWho: (who: string): string => `Remove ${who}`,
    yourName: 'Change your name here',
    rename: 'Change the room’s name',
    leave: 'Leave the room',
    forget: 'Delete the room',
    asks: 'At the door',
  },

  confirm: {
    remove: {
      title: (who: string): string => `Remove ${who}?`,
      what: 'They read nothing that is written from now on, and nothing they write comes in. What they have read already stays with them. Every open link to this room ends.',
      yes: 'Remove them',
    },
    leave: {
      title: (room: string): string => `Leave ${room}?`,
      what: 'The others are told. What was said until now stays on this device, to read only. You need a new link to come back.',
      yes: 'Yes, leave',
    },
    forget: {
      title: (room: string): string => `Delete ${room} from this device?`,
      what: 'Everything said here is gone from this browser, and nobody can bring it back for you. The others keep what they have.',
      yes: 'Yes, delete it',
    },
  },

  names: {
    room: 'Name of the room',
    roomTitle: 'Change the room’s name',
    roomWhat: 'Everybody in the room sees it.',
    mine: 'Your name',
    mineTitle: 'Your name in this room',
    mineWhat: 'Everybody in this room sees it, and that it changed.',
    newTitle: 'Your name in new rooms',
    newWhat: 'Rooms that you are in already keep the name you have there.',
    save: 'Save',
    noRoomName: 'Room without a name',
    nobody: 'Somebody',
  },

  direct: {
    name: 'Direct',
    nameWhat: 'No relay between those who agree. They see each other’s network address',
    impossible: 'Not allowed in this room, or not possible in this browser',
    title: 'Talk directly?',
    what: 'What you write goes straight to those in this room who agree too, sealed as before. It is faster, and goes on when no relay answers. It costs you this:',
    members: 'The people in this room who agree see your network address,',
    membersWhat: 'and you see theirs. An address tells roughly where a device is, and who provides its internet.',
    soFar: (who: readonly string[]): string => `So far: ${list(who)}.`,
    relay: 'One or two relays introduce you to each other.',
    relayWhat: 'They see your addresses, and that these devices talk directly. They see no rooms, names or words.',
    nobody: 'Nobody else sees more than before.',
    nobodyWhat: 'People in the room who do not agree, and your other rooms, go on through three relays. No other server is asked.',
    until: 'This holds for this room, on this device, until you choose Balanced.',
    agree: 'Agree',
    asks: (who: readonly string[]): string => `${list(who)} would like to talk directly.`,
    asksWhat: 'You would see each other’s network address.',
    read: 'What it means',
    linked: (who: readonly string[]): string => `A direct link stands to ${list(who)}. Others in the room are reached through relays.`,
    seeking: (who: readonly string[]): string =>
      `${list(who)} agreed, but there is no direct way at the moment. Words go through relays meanwhile.`,
    alone: 'Nobody else has agreed yet. Words go through relays meanwhile.',
  },

  network: {
    you: 'You',
    place: { guard: 'Guard', middle: 'Middle', mailbox: 'Mailbox' },
    caption: 'Each line is a sealed layer. Each relay opens one and passes the rest on.',
    others: ['The others, on circuits', 'you can’t see'],
    drawn: (hops: string): string => `Your circuit: you, ${hops}. Others reach the mailbox on circuits of their own.`,
    none: 'No circuit stands at the moment.',
    noneWhat: 'What you write is kept, and leaves when a relay answers.',
    roundTrip: 'Round trip',
    measuring: 'measuring',
    open: 'Open for',
    hops: 'Relays',
    ms: 'ms',
    mode: 'Mode',
    balanced: 'Balanced',
    balancedWhat: 'Three relays, each of which knows only its neighbours',
    sees: 'What each relay can see',
    can: {
      guard: 'your address, and when you are here',
      middle: 'two other relays',
      mailbox: 'sealed parcels under a label that changes',
    },
    cannot: {
      guard: 'rooms, names, words',
      middle: 'you, the room, the words',
      mailbox: 'who writes, who reads, what',
    },
    all: 'All circuits',
    serves: (what: string): string => (what === '' ? 'Ready for use' : `For ${what}`),
    directory: 'Relays known',
    known: 'Known',
    anchors: 'Came with the app',
    guards: 'Used as guard',
    disagree: 'Two sources told different things about the relays.',
    disagreeWhat:
      'One of them may be wrong or lying. Every relay proves its own keys, so nobody can speak for another; a list can only leave one out.',
    conduct: 'What relays did',
    conductWhat: {
      'breaks-circuits': 'Circuits through this relay keep breaking.',
      'not-kept': 'A relay did not keep what it said it stored.',
      'left-out': 'A relay left out some of what it should have handed over.',
      'wrong-time': 'A relay’s clock is far from the others’.',
      'forged-list': 'A relay’s list of relays held entries that nobody signed.',
    },
    conductNote: 'Seen from here in the last hour. Another way is taken where there is one.',
    refused: 'Refused or failed since this page opened',
    refusedWhat: 'Parcels that were damaged, repeated or not allowed, counted and thrown away; and connections that came to nothing.',
    refusedNone: 'Nothing was refused, and nothing failed.',
    limits: 'Someone who watches the whole network for days, or runs both your guard and the mailbox, may still guess who talks with whom.',
  },

  about: {
    title: 'About Sotto',
    is: 'A private room for people and agents. What you say is signed, sealed against computers yet to come, and carried by three relays of which none knows both ends. The sealing is a small program of our own, and this page can time it.',
    measure: 'Time it here',
    measuring: 'Timing',
    note: 'Takes some seconds. Nothing is sent anywhere.',
    caption: 'Millionths of a second for each, and how many times longer the others take',
    what: 'What',
    noble: 'JavaScript (noble)',
    webcrypto: 'The browser’s own',
    none: '–',
    times: (n: string): string => `× ${n}`,
    rows: {
      'cell-layer': 'One layer of a cell',
      'onion-3': 'Three layers of a cell',
      'mlkem768-keygen': 'ML-KEM-768, a key pair',
      'mlkem768-encaps': 'ML-KEM-768, sealing',
      'mlkem768-decaps': 'ML-KEM-768, opening',
      x25519: 'X25519',
    } as Readonly<Record<string, string>>,
  },

  shortfall: 'Something went wrong. Nothing that was shown as sent is lost.',
} as const;

/** A line in the app's own voice. */
export function eventWords(event: EventItem['event']): string {
  switch (event.what) {
    case 'created':
      return `${event.who} made the room`;
    case 'joined':
      return `${event.who} came in`;
    case 'left':
      return `${event.who} left`;
    case 'removed':
      return `${event.by} removed ${event.who}`;
    case 'renamed':
      return `${event.by} named the room ${event.name}`;
    case 'frozen':
      return `${event.who} told two different stories, and is heard no more`;
    case 'too-late':
      return event.count === 1
        ? 'A message of yours came too late: you had been removed, and nobody else sees it'
        : `${event.count} messages of yours came too late: you had been removed, and nobody else sees them`;
  }
}

/** The words of an error that was made for people; anything else gets a plain sentence. */
export const errorWords = (error: unknown): string => (error instanceof Error && error.message !== '' ? error.message : words.shortfall);
