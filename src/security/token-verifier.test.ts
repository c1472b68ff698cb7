import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import Provider from 'oidc-provider'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TokenSettings, TokenVerifier } from './token-verifier.ts'

const AUDIENCE = 'https://bellwether.example.org'

const settingsFor = (issuer: string, over: object = {}) =>
  TokenSettings.parse({
    issuer,
    audience: AUDIENCE,
    rolesClaim: 'scope',
    roles: {
      'bellwether:predict': 'predictor',
      'bellwether:teach': { role: 'trainer', models: ['risk'], sensitive: true },
    },
    allowPrivate: true,
    ...over,
  })

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const closed = (server: Server) =>
  new Promise<void>((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })

describe('tokens of a real OpenID provider', () => {
  let server: Server
  let issuer: string
  beforeAll(async () => {
    server = createServer()
    issuer = await listen(server)
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'portal',
          client_secret: 'a-test-secret',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' }] },
      scopes: ['bellwether:predict', 'bellwether:teach'],
      features: {
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => AUDIENCE,
          getResourceServerInfo: (_context: unknown, resource: string) => ({
            scope: 'bellwether:predict bellwether:teach',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
          }),
        },
      },
    })
    server.on('request', provider.callback())
  })
  afterAll(() => closed(server))

  const token = async (scope: string, resource = AUDIENCE): Promise<string> => {
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('portal:a-test-secret')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  test('by client credentials give the roles that their scopes map to', async () => {
    const verifier = new TokenVerifier({ settings: settingsFor(issuer), clock: Date.now })
    expect(await verifier.verify(await token('bellwether:predict'))).toMatchObject({
      actor: 'oidc:portal',
      grants: [{ role: 'predictor', models: null }],
      sensitive: false,
    })
    expect(await verifier.verify(await token('bellwether:predict bellwether:teach'))).toMatchObject({
      grants: [{ role: 'predictor' }, { role: 'trainer', models: ['risk'] }],
      sensitive: true,
    })
  })

  test('for another audience, and after their time, are refused', async () => {
    let now = Date.now()
    const verifier = new TokenVerifier({ settings: settingsFor(issuer), clock: () => now })
    const good = await token('bellwether:predict')
    await expect(verifier.verify(await token('bellwether:predict', 'https://other.example.org'))).rejects.toMatchObject(
      {
        code: 'UNAUTHENTICATED',
      },
    )
    await verifier.verify(good)
    now += 629_000 // its ten minutes and most of the clock skew
    await verifier.verify(good)
    now += 2000
    await expect(verifier.verify(good)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

describe('forged tokens', () => {
  let server: Server
  let issuer: string
  let keys: object[]
  let looks: number
  let pair: Awaited<ReturnType<typeof generateKeyPair>>
  let answering: boolean
  let issuerSaid: string | null
  beforeEach(async () => {
    answering = true
    looks = 0
    issuerSaid = null
    pair = await generateKeyPair('RS256', { extractable: true })
    keys = [{ ...(await exportJWK(pair.publicKey)), alg: 'RS256', kid: 'one' }]
    server = createServer((request, reply) => {
      if (!answering) return void reply.writeHead(500).end()
      if (request.url === '/keys') {
        looks++
        return void reply.end(JSON.stringify({ keys }))
      }
      reply.end(JSON.stringify({ issuer: issuerSaid ?? issuer, jwks_uri: `${issuer}/keys` }))
    })
    issuer = await listen(server)
  })
  afterEach(() => closed(server))

  const sign = (claims: JWTPayload = {}, header: object = {}, key: Parameters<SignJWT['sign']>[0] = pair.privateKey) =>
    new SignJWT({
      iss: issuer,
      aud: AUDIENCE,
      sub: 'somebody',
      scope: 'bellwether:predict',
      exp: Math.floor(Date.now() / 1000) + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
      .sign(key)
  const verifierFor = (over: object = {}) =>
    new TokenVerifier({ settings: settingsFor(issuer, over), clock: Date.now, jwksCooldownMs: 0 })

  test('pass by none of the known ways', async () => {
    const verifier = verifierFor()
    await verifier.verify(await sign())
    const other = await generateKeyPair('RS256')
    const publicBytes = new TextEncoder().encode(JSON.stringify(keys[0]))
    const [head, body, signature] = (await sign()).split('.') as [string, string, string]
    const payload = JSON.parse(Buffer.from(body, 'base64url').toString())
    const changed = Buffer.from(JSON.stringify({ ...payload, scope: 'bellwether:teach' })).toString('base64url')
    const bad = {
      'signed by another key': await sign({}, {}, other.privateKey),
      'alg none': new UnsecuredJWT({ ...payload }).encode(),
      'the public key as an HMAC secret': await sign({}, { alg: 'HS256' }, publicBytes),
      'its claims changed': `${head}.${changed}.${signature}`,
      'its signature cut off': `${head}.${body}.`,
      'another issuer': await sign({ iss: 'https://evil.example' }),
      'no audience': await sign({ aud: [] }),
      'no end': await sign({ exp: undefined as unknown as number }),
      'no subject': await sign({ sub: undefined as unknown as string }),
      'not yet valid': await sign({ nbf: Math.floor(Date.now() / 1000) + 120 }),
      expired: await sign({ exp: Math.floor(Date.now() / 1000) - 31 }),
      'a key of its own in the header': await sign(
        {},
        { jwk: await exportJWK(other.publicKey), kid: 'two' },
        other.privateKey,
      ),
      'an unknown critical header': `${Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'one', crit: ['x'], x: 1 })).toString('base64url')}.${body}.${signature}`,
      'not a token': 'a.b.c',
      'a long text': 'x'.repeat(50_000),
    }
    for (const [how, token] of Object.entries(bad))
      await expect(verifier.verify(token), how).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('an algorithm that is not on the list is refused, though the provider has a key for it', async () => {
    const es = await generateKeyPair('ES384', { extractable: true })
    keys.push({ ...(await exportJWK(es.publicKey)), alg: 'ES384', kid: 'es' })
    const token = await sign({}, { alg: 'ES384', kid: 'es' }, es.privateKey)
    await expect(verifierFor().verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await verifierFor({ algorithms: ['ES384'] }).verify(token)
  })

  test('a provider may change its keys while we run', async () => {
    const verifier = verifierFor()
    await verifier.verify(await sign())
    const next = await generateKeyPair('RS256', { extractable: true })
    keys = [{ ...(await exportJWK(next.publicKey)), alg: 'RS256', kid: 'two' }]
    await verifier.verify(await sign({}, { kid: 'two' }, next.privateKey))
    expect(looks).toBe(2)
    await expect(verifier.verify(await sign({ jti: 'other' }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('a token that passed is not checked again; a forged one never rides on it', async () => {
    const verifier = verifierFor()
    const token = await sign()
    const first = await verifier.verify(token)
    expect(await verifier.verify(token)).toBe(first)
    await expect(verifier.verify(`${token.slice(0, -4)}AAAA`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('where the provider does not answer, or is another one, nobody is told that the token is bad', async () => {
    answering = false
    await expect(verifierFor().verify(await sign())).rejects.toMatchObject({ code: 'AUTH_UNAVAILABLE' })
    answering = true
    issuerSaid = 'https://evil.example'
    await expect(verifierFor().verify(await sign())).rejects.toMatchObject({ code: 'AUTH_UNAVAILABLE' })
    issuerSaid = null
    await expect(verifierFor({ allowPrivate: false }).verify(await sign())).rejects.toMatchObject({
      code: 'AUTH_UNAVAILABLE',
    })
  })

  test('a role is granted only by what the settings map, by the name of the claim itself or a path into it', async () => {
    const verifier = verifierFor({ rolesClaim: 'realm.roles', roles: { a: 'viewer' } })
    expect((await verifier.verify(await sign({ realm: { roles: ['a', 'toString', 'b', 7] } }))).grants).toEqual([
      { role: 'viewer', models: null },
    ])
    expect((await verifier.verify(await sign({ realm: 'a' }))).grants).toEqual([])
    expect((await verifier.verify(await sign({ 'realm.roles': 'a' }))).grants).toHaveLength(1)
  })
})
