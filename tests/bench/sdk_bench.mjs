// SPDX-License-Identifier: Apache-2.0
// The work of token_bench.cpp with the vendors' Node SDKs. Prints {"name": operations per CPU second}.
// With the argument "once": mints one token and prints it (for whole-process times).
// With "once-verify HEADER SECRET" on stdin a body: verifies one Mux webhook.
import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// Debian 12's Node.js 18 does not show Web Crypto, which the SDKs need, as a global.
globalThis.crypto ??= webcrypto;
const packages = createRequire(new URL('../node/package.json', import.meta.url));
const sdk = (name) => import(pathToFileURL(packages.resolve(name)).href);

const key = 'APIbench';
const secret = 'a-secret-of-at-least-thirty-two-bytes';

async function mint({ AccessToken }) {
  const token = new AccessToken(key, secret, {
    identity: 'cam-1', name: 'Front camera', metadata: '{"role":"camera","slot":1}',
    attributes: { slot: '1' },
  });
  token.addGrant({
    roomJoin: true, room: 'main', canPublish: true, canSubscribe: false, canPublishData: true,
    canPublishSources: [1, 2],
  });
  return token.toJwt();
}

/**
 * Operations per second of processor time: warmed up, then the best of three runs. Processor time,
 * threads of the pool included, because a wall clock measures the machine's other work as well.
 */
async function rate(operation) {
  for (let i = 0; i < 500; i += 1) await operation();
  let best = 0;
  for (let run = 0; run < 3; run += 1) {
    const start = process.cpuUsage();
    let count = 0;
    let used = 0;
    while (used < 500_000) {
      for (let i = 0; i < 100; i += 1) await operation();
      count += 100;
      const { user, system } = process.cpuUsage(start);
      used = user + system;
    }
    best = Math.max(best, (count * 1e6) / used);
  }
  return Math.round(best);
}

if (process.argv[2] === 'once') {
  console.log(await mint(await sdk('livekit-server-sdk')));
} else if (process.argv[2] === 'once-verify') {
  const { default: Mux } = await sdk('@mux/mux-node');
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const mux = new Mux({ tokenId: 'unused', tokenSecret: 'unused', webhookSecret: process.argv[4] });
  await mux.webhooks.unwrap(Buffer.concat(chunks).toString('utf8'), { 'mux-signature': process.argv[3] });
} else {
  const livekit = await sdk('livekit-server-sdk');
  const { default: Mux } = await sdk('@mux/mux-node');
  const verifier = new livekit.TokenVerifier(key, secret);
  const receiver = new livekit.WebhookReceiver(key, secret);
  const mux = new Mux({ tokenId: 'unused', tokenSecret: 'unused', webhookSecret: secret });
  const token = await mint(livekit);

  const egress = JSON.stringify({
    event: 'egress_updated',
    egressInfo: {
      egressId: 'EG_t3uwowabcdef', roomId: 'RM_7abcDEF12345', roomName: 'stage-1',
      sourceType: 'EGRESS_SOURCE_TYPE_WEB', status: 'EGRESS_ACTIVE',
      startedAt: '1759999980000000000', updatedAt: '1760000000000000000',
      roomComposite: {
        roomName: 'stage-1', layout: 'speaker',
        streamOutputs: [{ protocol: 'RTMP', urls: ['mux://{abc...xyz}'] }],
      },
      streamResults: [{
        url: 'rtmps://global-live.mux.com:443/app/{abc...xyz}',
        startedAt: '1759999980000000000', status: 'ACTIVE',
      }],
    },
    id: 'EV_GntIY0M24vVI', createdAt: '1760000000',
  });
  const hook = new livekit.AccessToken(key, secret, { ttl: '5m' });
  hook.sha256 = createHash('sha256').update(egress).digest('base64');
  const authorization = await hook.toJwt();

  const active = JSON.stringify({
    type: 'video.live_stream.active', request_id: null, object: { type: 'live', id: 'a'.repeat(34) },
    id: '2f3f4c5e-0000-4000-8000-000000000000', environment: { name: 'Production', id: 'j0863n' },
    data: {
      id: 'a'.repeat(34), status: 'active', stream_key: '5203dc64-074a-5914-0dfc-ce007f5db53a',
      playback_ids: [{ policy: 'public', id: 'b'.repeat(34) }],
      new_asset_settings: { playback_policies: ['public'] }, reconnect_window: 60,
      max_continuous_duration: 43200, latency_mode: 'standard', connected: true,
      active_asset_id: 'c'.repeat(34), recent_asset_ids: ['c'.repeat(34)], created_at: '1527110899',
    },
    created_at: '2026-03-01T10:00:00Z', attempts: [], accessor_source: null, accessor: null,
  });
  const time = Math.floor(Date.now() / 1000);
  const tag = await mux.webhooks.computeSignature(`${time}.${active}`, secret);
  const headers = { 'mux-signature': `t=${time},v1=${tag}` };

  assert.equal((await verifier.verify(token)).sub, 'cam-1');
  console.log(JSON.stringify({
    token_sign: await rate(() => mint(livekit)),
    token_verify: await rate(() => verifier.verify(token)),
    webhook_verify_livekit: await rate(() => receiver.receive(egress, authorization)),
    webhook_verify_mux: await rate(() => mux.webhooks.verifySignature(active, headers)),
    webhook_unwrap_mux: await rate(() => mux.webhooks.unwrap(active, headers)),
    webhook_sign_mux: await rate(() => mux.webhooks.computeSignature(`${time}.${active}`, secret)),
  }));
}
