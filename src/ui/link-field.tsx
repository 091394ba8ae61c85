/** A field for a link that somebody sent. */
import { useState } from 'react';
import { words } from './words.ts';

export function LinkField({ onLink }: { onLink: (link: string) => void }) {
  const [link, setLink] = useState('');
  return (
    <form
      className="link-field copy"
      onSubmit={(event) => {
        event.preventDefault();
        if (link.trim() !== '') onLink(link);
      }}
    >
      <input
        aria-label={words.link.paste}
        placeholder={words.link.paste}
        value={link}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setLink(event.target.value)}
      />
      <button type="submit" className="button">
        {words.link.open}
      </button>
    </form>
  );
}
