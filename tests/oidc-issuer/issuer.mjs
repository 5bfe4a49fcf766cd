// A real OpenID Connect issuer, as a city's single sign-on is one: node issuer.mjs REDIRECT_URL
//
// It prints its address and serves until its standard input ends. Who signs in is said by `login_hint`: the person's claims
// as JSON in base64url. There is nobody to click on anything, so nothing is asked.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// Standard output is for the address alone, and nobody reads on.
for (const level of ['log', 'info', 'warn']) console[level] = console.error;

const [redirectUrl] = process.argv.slice(2);
const accounts = new Map();

const key = (alg, type, options) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: `key-${alg}`, use: 'sig', alg };
};
const keys = [
  key('RS256', 'rsa', { modulusLength: 2048 }),
  key('ES256', 'ec', { namedCurve: 'P-256' }),
  key('EdDSA', 'ed25519'),
];
const client = (alg, method) => ({
  client_id: `btl ${alg}`,
  // Whatever has to be encoded on the way, is.
  client_secret: 'a secret: 100%/&+=?',
  client_name: 'Bài Toán Lớn',
  redirect_uris: [redirectUrl],
  response_types: ['code'],
  grant_types: ['authorization_code'],
  token_endpoint_auth_method: method,
  id_token_signed_response_alg: alg,
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      client('RS256', 'client_secret_basic'),
      client('ES256', 'client_secret_post'),
      client('EdDSA', 'client_secret_basic'),
    ],
    jwks: { keys },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => accounts.has(id) && { accountId: id, claims: () => accounts.get(id) },
    async loadExistingGrant(ctx) {
      const { provider, client, session } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  server.on('request', async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    try {
      const { params } = await provider.interactionDetails(request, response);
      const claims = JSON.parse(Buffer.from(params.login_hint, 'base64url'));
      accounts.set(claims.sub, claims);
      await provider.interactionFinished(request, response, { login: { accountId: claims.sub } });
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
  process.stdout.write(`${issuer}\n`);
});

process.stdin.resume().on('end', () => process.exit(0));
