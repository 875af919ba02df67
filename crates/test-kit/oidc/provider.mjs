// An OpenID provider on a loopback port, as `configuration.json` beside this file
// describes it. Its keys and its memory are files of the same folder.
import { errors, Provider } from 'oidc-provider';
import { readJson } from './files.mjs';
import { signingKeys } from './keys.mjs';
import { openStore } from './store.mjs';

const here = (name) => `${import.meta.dirname}/${name}`;
const { port, keys, clients, audiences, ttl_s: ttl, cookie_key } = readJson(here('configuration.json'));

/** Any name signs in; the claims follow from it. */
function account(name) {
  const email = name.startsWith('noemail-')
    ? {}
    : { email: `${name}@example.com`, email_verified: !name.startsWith('unverified-') };
  return { accountId: name, claims: () => ({ sub: name, name, ...email }) };
}

/** Access tokens for a client's own audience are JWTs; without one they stay opaque. */
function resourceServer(resource, client) {
  if (resource !== audiences[client.clientId]) throw new errors.InvalidTarget();
  return {
    scope: '',
    audience: resource,
    accessTokenTTL: ttl.access_token,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  };
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: openStore(here('store.json')),
  jwks: { keys: signingKeys(here('keys.json'), keys) },
  clients,
  findAccount: (ctx, name) => account(name),
  scopes: ['openid', 'offline_access', 'email', 'profile'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false, // the ID token carries them all, as those of large providers do
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true }, // login and consent forms
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client) => audiences[client.clientId],
      getResourceServerInfo: (ctx, resource, client) => resourceServer(resource, client),
    },
  },
  cookies: { keys: [cookie_key] },
  ttl: {
    IdToken: ttl.id_token,
    AccessToken: ttl.access_token,
    ClientCredentials: ttl.access_token,
    RefreshToken: ttl.refresh_token,
    AuthorizationCode: 60,
    Interaction: 600,
    Session: 24 * 3600,
    Grant: 24 * 3600,
  },
  renderError: (ctx, error) => {
    ctx.body = error; // for a test to read, not a person
  },
});
provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(port, '127.0.0.1');
