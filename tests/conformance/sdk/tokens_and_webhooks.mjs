// SPDX-License-Identifier: Apache-2.0
// The vendors' SDKs accept the tokens and signatures that ts makes, and ts accepts theirs.
// Usage: node tokens_and_webhooks.mjs PATH_OF_TS
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sdk } from './harness.mjs';

const ts = resolve(process.argv[2]);
const { AccessToken, TokenVerifier, WebhookReceiver } = await sdk('livekit-server-sdk');
const { TrackSource } = await sdk('@livekit/protocol');
const { default: Mux } = await sdk('@mux/mux-node');

const key = 'APItest';
const secret = 'a-secret-of-at-least-thirty-two-bytes';
const muxSecret = 'mux-endpoint-secret';
const dir = mkdtempSync(join(tmpdir(), 'ts-sdk-'));
const env = {
  PATH: process.env.PATH, HOME: dir, XDG_STATE_HOME: dir, XDG_CONFIG_HOME: dir,
  LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret, MUX_WEBHOOK_SECRET: muxSecret,
};

/** Runs ts in an empty folder; the exit code must be `code`. */
function run(args, { input = '', code = 0 } = {}) {
  const done = spawnSync(ts, args, { env, cwd: dir, input, encoding: 'utf8' });
  assert.equal(done.status, code, `ts ${args.join(' ')}: exit ${done.status}\n${done.stderr}`);
  return done.stdout;
}
const lines = (text) => text.trim().split('\n');

let checks = 0;

async function sdkAcceptsOurTokens() {
  const verifier = new TokenVerifier(key, secret);
  for (const role of ['camera', 'switcher', 'viewer', 'overlay', 'admin']) {
    const token = run(['token', 'create', '--room', 'main', '--identity', 'who-é', '--role', role,
      '--name', '相机 🎥', '--metadata', '{"a":1}', '--attribute', 'slot=1', '-o', 'raw']).trim();
    const claims = await verifier.verify(token);
    assert.equal(claims.sub, 'who-é');
    assert.equal(claims.name, '相机 🎥');
    assert.equal(claims.metadata, '{"a":1}');
    assert.deepEqual(claims.attributes, { slot: '1' });
    assert.equal(claims.video.room, 'main');
    assert.equal(claims.video.roomJoin, role === 'admin' ? undefined : true);
    if (role === 'viewer') assert.equal(claims.video.canPublish, false);
    checks += 1;
  }
  const token = run(['token', 'create', '--room', 'main', '--identity', 'x', '-o', 'raw']).trim();
  await assert.rejects(new TokenVerifier(key, 'another-secret').verify(token));
  await assert.rejects(new TokenVerifier('APIother', secret).verify(token));
  checks += 1;
}

async function weAcceptTheSdksTokens() {
  const token = new AccessToken(key, secret, {
    identity: 'cam', name: 'Cam', ttl: '10m', metadata: 'm', attributes: { a: 'b' },
  });
  token.addGrant({
    roomJoin: true, room: 'main', canPublish: true, canSubscribe: false,
    canPublishSources: [TrackSource.CAMERA, TrackSource.SCREEN_SHARE],
  });
  const jwt = await token.toJwt();
  const verdict = JSON.parse(run(['token', 'verify', '-', '--json'], { input: `${jwt}\n` }));
  assert.equal(verdict.valid, true);
  assert.equal(verdict.identity, 'cam');
  const inspected = JSON.parse(run(['token', 'inspect', '-', '--json'], { input: jwt }));
  assert.deepEqual(inspected.claims.video.canPublishSources, ['camera', 'screen_share']);
  checks += 1;

  const wrong = await new AccessToken(key, 'another-secret', { identity: 'cam' }).toJwt();
  run(['token', 'verify', '-'], { input: wrong, code: 10 });
  const other = await new AccessToken('APIother', secret, { identity: 'cam' }).toJwt();
  run(['token', 'verify', '-'], { input: other, code: 10 });
  run(['token', 'verify', '-'], { input: jwt.slice(0, -2), code: 10 });
  checks += 1;
}

/** Headers as `ts webhook sign --json` gives them. */
function sign(provider, body) {
  const args = ['webhook', 'sign', '--provider', provider, '--body', '-', '--json'];
  return JSON.parse(run(args, { input: body })).headers;
}
function eventTypes(provider) {
  return lines(run(['webhook', 'trigger', '--list', '--provider', provider, '-o', 'id']));
}
/** A signed sample with its headers and its exact body. */
function sample(type) {
  return JSON.parse(run(['webhook', 'trigger', type, '--json']));
}

async function livekitWebhooks() {
  const receiver = new WebhookReceiver(key, secret);
  const types = eventTypes('livekit');
  assert.equal(types.length, 14);
  for (const type of types) {
    const { body, headers } = sample(type);
    const event = await receiver.receive(body, headers.Authorization);
    assert.equal(event.event, type);
    checks += 1;
  }
  const body = '{"event":"room_started","id":"EV_1","createdAt":"1760000000"}';
  const { Authorization } = sign('livekit', body);
  await receiver.receive(body, Authorization);
  await assert.rejects(receiver.receive(`${body} `, Authorization));

  const token = new AccessToken(key, secret, { ttl: '5m' });
  token.sha256 = createHash('sha256').update(body).digest('base64');
  const header = `Authorization: ${await token.toJwt()}`;
  const verify = ['webhook', 'verify', '--provider', 'livekit', '--body', '-', '--header', header];
  run(verify, { input: body });
  run(verify, { input: `${body}\n`, code: 10 });
  checks += 1;
}

async function muxWebhooks() {
  const mux = new Mux({ tokenId: 'unused', tokenSecret: 'unused', webhookSecret: muxSecret });
  const types = eventTypes('mux');
  assert.equal(types.length, 48);
  for (const type of types) {
    const { body, headers } = sample(type);
    const event = await mux.webhooks.unwrap(body, headers);
    assert.equal(event.type, type);
    checks += 1;
  }
  const body = '{"type":"video.asset.ready","data":{"name":"é 🎥"}}';
  const headers = sign('mux', body);
  await mux.webhooks.verifySignature(body, headers);
  await assert.rejects(mux.webhooks.verifySignature(`${body}\n`, headers));

  const time = Math.floor(Date.now() / 1000);
  const tag = await mux.webhooks.computeSignature(`${time}.${body}`, muxSecret);
  const header = `Mux-Signature: t=${time},v1=${tag}`;
  const verify = ['webhook', 'verify', '--provider', 'mux', '--body', '-', '--header', header];
  run(verify, { input: body });
  run(verify, { input: body.replace('ready', 'reads'), code: 10 });
  const length = Buffer.byteLength(body);
  writeFileSync(join(dir, 'request.txt'),
    `POST /hook HTTP/1.1\r\n${header}\r\nContent-Length: ${length}\r\n\r\n${body}`);
  run(['webhook', 'verify', '--http', 'request.txt']);
  checks += 1;
}

try {
  await sdkAcceptsOurTokens();
  await weAcceptTheSdksTokens();
  await livekitWebhooks();
  await muxWebhooks();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
assert.equal(checks, 6 + 2 + 15 + 49);
console.log(`${checks} checks passed`);
