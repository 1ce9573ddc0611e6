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

// Each page is an entry of its own: a file `<name>.html` beside this one and a folder `src/<name>/`.
// The server embeds what `npm run build` leaves in `dist/`. While `npm run dev` serves the pages, a
// `gloss serve` at its usual address answers the API.
export default defineConfig({
  plugins: [react(), defaultsAreOptional],
  worker: { plugins: () => [defaultsAreOptional] },
  build: {
    rolldownOptions: {
      input: { graphiql: 'graphiql.html' },
      // GraphiQL's files say "use no memo" to a compiler that has run already.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
    // Monaco is large, and every byte of it comes from the same machine.
    chunkSizeWarningLimit: 8000,
  },
  server: {
    proxy: { '/graphql': { target: 'http://127.0.0.1:8787', ws: true }, '/session': 'http://127.0.0.1:8787' },
  },
});
