/** What Sotto is, and how fast its core is on this very machine. */
import { useEffect, useRef, useState } from 'react';
import type { Row } from '../crypto/tab.ts';
import { Dialog } from './dialog.tsx';
import { errorWords, words } from './words.ts';

const { about } = words;

/** The same number of digits whatever the size: 0.92, 14.6, 318. */
const figure = (µs: number): string => (µs >= 100 ? µs.toFixed(0) : µs >= 10 ? µs.toFixed(1) : µs.toFixed(2));

function Peer({ row, name }: { row: Row; name: string }) {
  const [took, ratio] = [row.peers[name], row.ratios[name]];
  if (took === undefined || ratio === undefined) return <td className="is-none">{about.none}</td>;
  return (
    <td>
      {figure(took)} <small>{about.times((1 / ratio).toFixed(1))}</small>
    </td>
  );
}

function Figures({ rows, busy }: { rows: readonly Row[]; busy: boolean }) {
  return (
    <table className="timings" aria-busy={busy}>
      <caption>{about.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{about.what}</th>
          <th scope="col">{words.app}</th>
          <th scope="col">{about.noble}</th>
          <th scope="col">{about.webcrypto}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">{about.rows[row.id] ?? row.id}</th>
            <td>{figure(row.ours)}</td>
            <Peer row={row} name="noble" />
            <Peer row={row} name="webcrypto" />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function About({ onClose }: { onClose: () => void }) {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle');
  const [trouble, setTrouble] = useState('');
  const closed = useRef(false);
  useEffect(() => {
    closed.current = false;
    return () => void (closed.current = true);
  }, []);
  const measure = async (): Promise<void> => {
    setState('busy');
    setRows([]);
    try {
      const [{ measureCore }, { systemRandom }] = await Promise.all([import('../crypto/tab.ts'), import('../base/index.ts')]);
      for await (const row of measureCore(systemRandom)) {
        if (closed.current) return;
        setRows((before) => [...before, row]);
      }
    } catch (error) {
      setTrouble(errorWords(error));
    }
    setState('done');
  };
  return (
    <Dialog title={about.title} wide onClose={onClose}>
      <p className="dialog-text">{about.is}</p>
      {(rows.length > 0 || state === 'busy') && <Figures rows={rows} busy={state === 'busy'} />}
      {trouble !== '' && (
        <p className="note" role="alert">
          {trouble}
        </p>
      )}
      <footer>
        <p className="note grow">{about.note}</p>
        <button type="button" className="button" aria-busy={state === 'busy'} onClick={() => void (state === 'busy' || measure())}>
          {state === 'busy' ? about.measuring : about.measure}
        </button>
      </footer>
    </Dialog>
  );
}
