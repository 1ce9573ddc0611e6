import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// The editor of variables underlines an input field that is left out although it has a default: the library takes every
// non-null field for a required one.
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

// A script that runs before the first paint: an ordinary file of its own, because the content security policy allows no
// script within the page.
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

// Each page is an entry of its own: a file `<name>.html` beside this one and a folder `src/<name>/`.
// The server embeds what `npm run build` leaves in `dist/`. While `npm run dev` serves the pages, a
// `gloss serve` at its usual address, or at the one in GLOSS_SERVER, answers the API.
const server = process.env.GLOSS_SERVER ?? 'http://127.0.0.1:8787';
export default defineConfig({
  plugins: [react(), defaultsAreOptional, firstPaint()],
  worker: { plugins: () => [defaultsAreOptional] },
  build: {
    rolldownOptions: {
      input: { studio: 'index.html', graphiql: 'graphiql.html' },
      // GraphiQL's files say "use no memo" to a compiler that has run already.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
    // Monaco is large, and every byte of it comes from the same machine.
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
