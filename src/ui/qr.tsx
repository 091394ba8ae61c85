/** A QR code as one SVG path (ISO/IEC 18004), with the quiet zone of four modules that cameras look for. */
import { useMemo } from 'react';
import encodeQR from 'qr';

const QUIET = 4;

/** Runs of dark modules, each a rectangle one module high. */
export function qrPath(modules: readonly (readonly boolean[])[]): string {
  let path = '';
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (row[x] !== true) continue;
      const from = x;
      while (row[x + 1] === true) x += 1;
      const width = x + 1 - from;
      path += `M${from} ${y}h${width}v1h-${width}z`;
    }
  });
  return path;
}

export function Qr({ text, label }: { text: string; label: string }) {
  const modules = useMemo(() => encodeQR(text, 'raw', { ecc: 'low', border: QUIET }), [text]);
  return (
    <svg className="qr" viewBox={`0 0 ${modules.length} ${modules.length}`} role="img" aria-label={label}>
      <path d={qrPath(modules)} />
    </svg>
  );
}
