import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Each page is an entry of its own: a file `<name>.html` beside this one and a folder `src/<name>/`.
// The server embeds what `npm run build` leaves in `dist/`. While `npm run dev` serves the pages, a
// `gloss serve` at its usual address answers the API.
export default defineConfig({
  plugins: [react()],
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
    proxy: { '/graphql': { target: 'http://127.0.0.1:8787', ws: true } },
  },
});
