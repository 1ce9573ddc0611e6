// The runs page with mercurius, which compiles queries, on fastify.

import Fastify from 'fastify';
import mercurius from 'mercurius';

import { resolvers, storeArgument, typeDefs } from './runs.mjs';

const app = Fastify({ logger: false });
app.register(mercurius, { schema: typeDefs, resolvers: resolvers(storeArgument()), jit: 1, graphiql: false });
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`http://127.0.0.1:${app.server.address().port}/graphql`);
