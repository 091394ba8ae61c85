/** `npm run format`: writes every file of ours as the formatter would, and mends what the linter can mend by itself. */
import { inRoot, run } from './program.ts';

await run(inRoot('node_modules/.bin/oxfmt'), ['--write', ...process.argv.slice(2)]);
await run(inRoot('node_modules/.bin/oxlint'), ['--fix', ...process.argv.slice(2)]);
