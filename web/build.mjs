// Bundle the viewer library into the package, with the licenses of all that is in the bundle.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const MAX_BYTES = 5_000_000;
const folder = new URL('../src/distiliqa/serve/static/', import.meta.url).pathname;
const { metafile } = await build({
  entryPoints: ['viewer-library.js'],
  outfile: join(folder, 'cornerstone.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  define: { global: 'globalThis' },
  metafile: true,
});

const [output] = Object.values(metafile.outputs);
if (output.bytes > MAX_BYTES) throw new Error(`${output.bytes} bytes, more than ${MAX_BYTES}`);

const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
const packages = new Set(used.map(([path]) => path.match(/^(node_modules\/(?:@[^/]+\/)?[^/]+)/)?.[1]));
packages.delete(undefined);
const notices = [...packages].sort().map((path) => {
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const file = readdirSync(path).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file === undefined ? `License: ${license}` : readFileSync(join(path, file), 'utf8').trim();
  return `${name} ${version}\n\n${text}\n`;
});
writeFileSync(join(folder, 'cornerstone-licenses.txt'), notices.join(`\n${'-'.repeat(78)}\n\n`));
console.log(`${output.bytes} bytes of ${packages.size} packages`);
