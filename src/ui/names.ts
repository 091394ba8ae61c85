/** Made-up names: a quiet adjective and something that lives outdoors. 60 × 60 pairs, so that two in one room seldom meet. */

const adjectives =
  `Amber Autumn Brave Bright Calm Candid Cedar Clear Clever Copper Dapper Distant Early Easy Eager Fair Fern Fleet Gentle Glad
Golden Hazel Hidden Humble Idle Ivory Jolly Keen Kind Late Light Little Lucky Mellow Merry Misty Modest Nimble Noble North
Olive Patient Plain Polite Proud Quick Quiet Rare River Rosy Silver Slow Soft Steady Still Sunny Tidy Velvet Warm Wild`.split(/\s+/);

const beings = `Alder Aspen Badger Beech Birch Bittern Bramble Clover Crane Curlew Dipper Dove Dunlin Egret Elder Elm Finch Fox Gannet Goose
Grebe Gull Hare Hawthorn Heather Heron Hornbeam Ibis Jay Juniper Kestrel Lapwing Larch Lark Linden Linnet Lynx Magpie Maple Marten
Moth Newt Nightjar Oak Osprey Otter Owl Pine Pipit Plover Poplar Raven Robin Rowan Sorrel Sparrow Swift Teal Thrush Wren`.split(/\s+/);

/** The number of different names. */
export const nameCount = adjectives.length * beings.length;

/** Draws one name; `random` gives 32 random bits. The bias of the remainder is below one in a million, and a name is no secret. */
export function makeName(random: () => number): string {
  const pick = random() % nameCount;
  return `${adjectives[Math.floor(pick / beings.length)]} ${beings[pick % beings.length]}`;
}

export const suggestName = (): string => makeName(() => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);

/** The letter in a circle: of a made-up name the second word's, as in "Quiet Heron"; of any other the first. Emoji and marks stay whole. */
export function initial(name: string): string {
  const named = name.trim().split(/\s+/);
  const word = (named.length === 2 && adjectives.includes(named[0] ?? '') ? named[1] : named[0]) ?? '';
  const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word);
  for (const { segment } of letters) return segment.toLocaleUpperCase();
  return '·';
}
