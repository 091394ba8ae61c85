/** A name as one writes it under a letter: large, on a line, with a dice that suggests another. */
import { useId } from 'react';
import { Dices } from './icons.ts';
import { suggestName } from './names.ts';
import { words } from './words.ts';

/** What a name may be: some text, at most 64 characters. */
export const cleanName = (typed: string): string => typed.trim().replace(/\s+/gu, ' ').slice(0, 64);

export function NameField(props: { label: string; value: string; onChange: (name: string) => void; note?: string }) {
  const id = useId();
  return (
    <div className="signed">
      <label htmlFor={id}>{props.label}</label>
      <div className="signed-row">
        <input
          id={id}
          value={props.value}
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
          dir="auto"
          onChange={(event) => props.onChange(event.target.value)}
        />
        <button
          type="button"
          className="icon-button"
          aria-label={words.welcome.another}
          title={words.welcome.another}
          onClick={() => props.onChange(suggestName())}
        >
          <Dices className="icon" aria-hidden="true" />
        </button>
      </div>
      {props.note !== undefined && <small>{props.note}</small>}
    </div>
  );
}
