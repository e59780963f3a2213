import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { listOf, type ServiceName } from '../config/env.ts';
import { oauthEndpoints } from './oauth/mount.ts';
import { frame, type Noted, type Observe } from './frame.ts';
import { type Pipeline, runRoute } from './pipeline.ts';
import { platformEndpoints } from './platform/endpoints.ts';
import { crossOrigin } from './middleware/cors.ts';
import { checkPolicies, policyOf } from './policy.ts';
import { Problem } from './problems.ts';
import { routesOf } from './registry.ts';

/**
 * Builds the HTTP application of some services out of the route registry.
 *
 * @param pipeline authentication, limits and dependencies.
 * @param services whose routes are served.
 * @param observe called once per request.
 */
export function createApp(pipeline: Pipeline, services: readonly ServiceName[], observe: Observe = () => {}): Koa {
  const app = new Koa({ proxy: false });
  checkPolicies(routesOf());
  const routes = routesOf(services);
  const router = new Router({ sensitive: true, strict: true });
  for (const route of routes) {
    policyOf(route);
    router[route.method](route.path, async (ctx) => {
      (ctx.state as Noted).route = route;
      await runRoute(pipeline, route, ctx, ctx.params as Record<string, string>);
    });
  }
  for (const endpoint of platformEndpoints(pipeline, routes)) {
    router.get(endpoint.path, async (ctx) => {
      (ctx.state as Noted).route = endpoint;
      await endpoint.handle(ctx, ctx.params as Record<string, string>);
    });
  }
  for (const endpoint of services.includes('user') ? oauthEndpoints(pipeline) : []) {
    router[endpoint.method](endpoint.path, async (ctx) => {
      (ctx.state as Noted).route = endpoint;
      if (ctx.method === 'HEAD') throw new Problem('method_not_allowed', 'HEAD is not allowed here.', { headers: { Allow: 'GET' } });
      await endpoint.handle(ctx, ctx.params as Record<string, string>);
    });
  }
  app.use(frame(pipeline.deps, observe));
  const origins = listOf(pipeline.deps.env.CORS_ORIGINS);
  if (origins.length > 0) app.use(crossOrigin(origins));
  app.use(router.routes());
  app.use(unmatched(router));
  // Koa's own handler would print; every error is answered and logged by the frame already.
  app.silent = true;
  return app;
}

/** Answers what no route took: OPTIONS and 405 with `Allow` on a known path, whatever the method; 404 elsewhere. */
function unmatched(router: Router): Koa.Middleware {
  return (ctx: Context) => {
    const allowed = new Set(router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods));
    if (allowed.size === 0) throw new Problem('not_found', 'There is nothing at this path.');
    const allow = [...allowed, 'OPTIONS'].toSorted().join(', ');
    if (ctx.method === 'OPTIONS') {
      ctx.status = 204;
      ctx.set('Allow', allow);
      return;
    }
    throw new Problem('method_not_allowed', `${ctx.method} is not allowed here.`, { headers: { Allow: allow } });
  };
}
