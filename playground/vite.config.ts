import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// Without this patch, GraphiQL's editor of variables marks an input field with a default as missing, because the
// library treats every non-null field as required.
const defaultsAreOptional: Plugin = {
  name: 'defaults-are-optional',
  transform(code, id) {
    if (!id.replace(/\?.*/, '').endsWith('graphql-language-service/esm/utils/getVariablesJSONSchema.js')) {
      return undefined;
    }
    const patched = code.replace('if (fieldRequired) {', 'if (fieldRequired && field.defaultValue === undefined) {');
    if (patched === code) {
      this.error('graphql-language-service has changed: look if defaultsAreOptional is still needed');
    }
    return { code: patched, map: null };
  },
};

// A script that runs before the first paint. It is a separate file because the content security policy does not allow
// inline scripts.
const FIRST_PAINT = 'src/studio/design/first-paint.js';
function firstPaint(): Plugin {
  const script = readFileSync(FIRST_PAINT, 'utf8');
  const fileName = `assets/first-paint-${createHash('sha256').update(script).digest('base64url').slice(0, 8)}.js`;
  return {
    name: 'first-paint',
    transformIndexHtml: (_html, { path, server: development }) =>
      path.endsWith('/index.html')
        ? [{ tag: 'script', attrs: { src: development ? `/${FIRST_PAINT}` : `/${fileName}` }, injectTo: 'head' }]
        : [],
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source: script });
    },
  };
}

// The server embeds each asset as gzip, under its name with `.gz`, and sends these bytes.
const packed: Plugin = {
  name: 'packed',
  apply: 'build',
  writeBundle({ dir }) {
    const assets = join(dir as string, 'assets');
    for (const name of readdirSync(assets)) {
      const file = join(assets, name);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      rmSync(file);
    }
  },
};

// Each page is a separate entry: a file `<name>.html` next to this one and a folder `src/<name>/`. The server embeds
// the output of `npm run build` in `dist/`. While `npm run dev` serves the pages, a `gloss serve` at its default
// address, or at the one in GLOSS_SERVER, answers the API.
const server = process.env.GLOSS_SERVER ?? 'http://127.0.0.1:8787';
export default defineConfig({
  plugins: [react(), defaultsAreOptional, firstPaint(), packed],
  worker: { plugins: () => [defaultsAreOptional] },
  build: {
    rolldownOptions: {
      input: { studio: 'index.html', graphiql: 'graphiql.html' },
      // GraphiQL's files contain "use no memo" for a compiler that has already run.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
    // Monaco is large, but it comes from the same server.
    chunkSizeWarningLimit: 8000,
  },
  // The dev server cannot bundle the workers of GraphiQL ahead of time.
  optimizeDeps: { entries: ['index.html'] },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/session', '/export'].map((path) => [path, { target: server, ws: true, changeOrigin: true, headers: { origin: server } }]),
    ),
  },
});
