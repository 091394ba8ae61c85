/** Small drawn parts: the mark, people's circles, beads on a thread, icons. */
import { initial } from './names.ts';

const line = 'M56 128h344v32H56z';
const voice = 'M178 192a64 64 0 0 1 64 64c0 70-42 122-104 140l-11-24c34-16 54-34 61-53a64 64 0 1 1-10-127z';
const otherVoice = 'M334 192a64 64 0 0 1 64 64c0 70-42 122-104 140l-11-24c34-16 54-34 61-53a64 64 0 1 1-10-127z';

/** A line that runs in from the margin, and two voices under it. */
export function Mark({ className = 'mark' }: { className?: string }) {
  return (
    <svg className={className} viewBox="56 122 346 280" aria-hidden="true">
      <path fill="currentColor" d={line + voice} />
      <path className="mark-accent" d={otherVoice} />
    </svg>
  );
}

/** The two voices alone, large, behind the first page. */
export function Voices() {
  return (
    <svg className="under" viewBox="106 188 300 212" aria-hidden="true">
      <path fill="currentColor" d={voice} />
      <path className="mark-accent" d={otherVoice} />
    </svg>
  );
}

export function Wordmark({ large = false }: { large?: boolean }) {
  return (
    <p className={large ? 'wordmark is-large' : 'wordmark'}>
      <Mark />
      <span>Sotto</span>
    </p>
  );
}

const dyes = ['madder', 'weld', 'moss', 'verdigris', 'woad', 'lichen'] as const;

/** A dye from the first byte of an id, where no one chose it. */
export const dyeOf = (id: string): number => (Number.parseInt(id.slice(0, 2), 16) || 0) % dyes.length;

/** `dye` 0–5, or one's own, which is ink. */
export function Avatar(props: { name: string; dye: number | 'mine'; agent?: boolean; size?: 'small' }) {
  const dye = props.dye === 'mine' ? 'ink' : (dyes[props.dye] ?? 'ink');
  const classes = ['avatar', `dye-${dye}`, props.agent === true ? 'is-agent' : '', props.size === 'small' ? 'is-small' : ''];
  return (
    <span className={classes.filter(Boolean).join(' ')} aria-hidden="true">
      {initial(props.name)}
    </span>
  );
}

/** A bead for each relay. */
export function Beads({ hops }: { hops: number }) {
  const beads = Array.from({ length: Math.max(1, hops) }, (_, i) => 2 + 6 * i);
  const width = (beads.at(-1) ?? 2) + 2;
  return (
    <svg className="beads" width={width} height="8" viewBox={`0 0 ${width} 8`} aria-hidden="true">
      {beads.length > 1 && <path d={`M2 4h${width - 4}`} />}
      {beads.map((x) => (
        <circle key={x} cx={x} cy="4" r="2" />
      ))}
    </svg>
  );
}

/** No relay between: a bare arrow. */
export function Arrow() {
  return (
    <svg className="beads" width="20" height="8" viewBox="0 0 20 8" aria-hidden="true">
      <path d="M1 4h18M16 1.5 19 4l-3 2.5" />
    </svg>
  );
}
