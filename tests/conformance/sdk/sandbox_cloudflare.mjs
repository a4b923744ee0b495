// SPDX-License-Identifier: Apache-2.0
// Cloudflare Stream's side of the sandbox: the SDK drives the calls; then numbered pictures go by RTMP into a live
// input, from there to a Mux live stream (ts cloudflare input create --backup-to-mux), and are counted at both ends.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, createSign } from 'node:crypto';
import { promisify } from 'node:util';
import { read } from './frame_code.mjs';
import { eventually, publish, publishNumbered, receiveWebhooks, sdk, withSandbox } from './harness.mjs';

const { default: Cloudflare } = await sdk('cloudflare');
const { default: Mux } = await sdk('@mux/mux-node');
const run = promisify(execFile);
const ts = process.argv[2];
const WIDTH = 320;
const HEIGHT = 180;

/** The burnt-in numbers of a playlist, in order. */
async function numbersOf(playlist) {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', playlist, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'],
    { encoding: 'buffer', maxBuffer: 1 << 28 });
  const size = WIDTH * HEIGHT;
  return Array.from({ length: stdout.length / size }, (_, i) => read(stdout.subarray(i * size, (i + 1) * size), WIDTH));
}

/** Readable numbers, rising by one. */
function assertUnbroken(numbers, least) {
  assert.ok(numbers.length >= least, `${numbers.length} pictures`);
  numbers.forEach((number, i) => assert.equal(number, numbers[0] + i, `picture ${i} carries ${number}`));
}

const hooks = await receiveWebhooks();
const subscribed = await receiveWebhooks();
await withSandbox(ts, ['--webhook-url', hooks.url], async ({ settings, http, dir, status }) => {
  const account_id = settings.CLOUDFLARE_ACCOUNT_ID;
  const client = (overrides = {}) => new Cloudflare({ apiToken: settings.CLOUDFLARE_API_TOKEN, baseURL: settings.CLOUDFLARE_BASE_URL, maxRetries: 0, ...overrides });
  const { stream } = client();
  const inputs = stream.liveInputs;
  const mux = new Mux({ tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: http, maxRetries: 0 });
  const ask = async (...args) => JSON.parse((await run(ts, ['--env-file', `${dir}/env`, '--json', ...args], { env: { PATH: process.env.PATH, HOME: dir } })).stdout);
  const refused = (status) => (error) => {
    assert.equal(error.status, status, error.message);
    return true;
  };

  // Inputs: create, read, change, list, delete.
  const made = await inputs.create({ account_id, meta: { name: 'a' }, recording: { mode: 'automatic', timeoutSeconds: 1 } });
  assert.match(made.uid, /^[0-9a-f]{32}$/);
  assert.ok(made.rtmps.streamKey.length >= 32);
  assert.equal(made.recording.mode, 'automatic');
  assert.equal((await inputs.get(made.uid, { account_id })).meta.name, 'a');
  const counted = await inputs.list({ account_id, include_counts: true });
  assert.equal(counted.total ?? counted.length, 1);
  assert.ok(!JSON.stringify(counted).includes(made.rtmps.streamKey), 'a list holds a key');
  const changed = await inputs.update(made.uid, { account_id, meta: { name: 'b' }, recording: { mode: 'off' } });
  assert.equal(changed.recording.mode, 'off');
  await assert.rejects(inputs.create({ account_id, deleteRecordingAfterDays: 5 }), refused(400));
  await assert.rejects(inputs.get('none', { account_id }), refused(404));
  await assert.rejects(inputs.list({ account_id: 'other' }), refused(403));
  await assert.rejects(client({ apiToken: 'wrong' }).stream.liveInputs.list({ account_id }), refused(401));
  const output = await inputs.outputs.create(made.uid, { account_id, url: 'rtmp://127.0.0.1:1/live', streamKey: 'k' });
  assert.equal((await inputs.outputs.update(output.uid, { account_id, live_input_identifier: made.uid, enabled: false })).enabled, false);
  const listed = [];
  for await (const one of inputs.outputs.list(made.uid, { account_id })) listed.push(one.uid);
  assert.deepEqual(listed, [output.uid]);
  await inputs.outputs.delete(output.uid, { account_id, live_input_identifier: made.uid });
  await inputs.delete(made.uid, { account_id });
  await assert.rejects(inputs.get(made.uid, { account_id }), refused(404));

  // The webhook subscription.
  const hook = await stream.webhooks.update({ account_id, notificationUrl: subscribed.url });
  assert.equal(hook.secret, settings.CLOUDFLARE_WEBHOOK_SECRET);
  assert.equal((await stream.webhooks.get({ account_id })).notificationUrl, subscribed.url);

  // An input with a backup at Mux, made by ts; keys that open nothing are refused.
  const live = await mux.video.liveStreams.create({ playback_policies: ['public'], new_asset_settings: { playback_policies: ['public'] }, reconnect_window: 1 });
  const { uid } = await ask('cloudflare', 'input', 'create', '--name', 'service', '--backup-to-mux', live.id);
  const input = await inputs.get(uid, { account_id });
  assert.equal(input.recording.mode, 'automatic');
  assert.equal((await ask('cloudflare', 'output', 'list', uid)).outputs.length, 1);
  assert.notEqual((await publish(`${input.rtmps.url}wrong-key`, 5).ended).code, 0);
  const manifest = input.playback.hls;
  assert.equal((await fetch(manifest)).status, 204);
  const lifecycle = async () => (await fetch(manifest.replace('/manifest/video.m3u8', '/lifecycle'))).json();
  assert.deepEqual(await lifecycle(), { isInput: true, videoUID: null, live: false });

  const publisher = publishNumbered(`${input.rtmps.url}${input.rtmps.streamKey}`, WIDTH, HEIGHT, 450);
  await eventually('HLS of the live input', async () => (await fetch(manifest)).status === 200);
  const { videoUID, live: isLive } = await lifecycle();
  assert.ok(isLive && videoUID);
  assert.equal((await inputs.get(uid, { account_id })).status.current.state, 'connected');
  await eventually('the Mux backup active', async () => (await mux.video.liveStreams.retrieve(live.id)).status === 'active');
  const [sent] = (await ask('cloudflare', 'output', 'list', uid)).outputs;
  assert.equal(sent.status, 'connected');
  assert.equal(await publisher.ended, 0);

  // Both recordings, picture by picture.
  const ready = await subscribed.next((event) => event.uid === videoUID && event.status.state === 'ready');
  assert.equal(ready.json.readyToStream, true);
  const checked = await run(ts, ['webhook', 'verify', '--provider', 'cloudflare', '--secret-file', `${dir}/hook-secret`, '--header', `Webhook-Signature: ${ready.headers['webhook-signature']}`, '--body', `${dir}/hook-body`],
    await (async () => {
      const { writeFile } = await import('node:fs/promises');
      await writeFile(`${dir}/hook-secret`, hook.secret, { mode: 0o600 });
      await writeFile(`${dir}/hook-body`, ready.body);
      return { env: { PATH: process.env.PATH, HOME: dir } };
    })());
  assert.ok(checked);
  const [video] = await (await fetch(`${settings.CLOUDFLARE_BASE_URL}/accounts/${account_id}/stream/live_inputs/${uid}/videos`,
    { headers: { authorization: `Bearer ${settings.CLOUDFLARE_API_TOKEN}` } })).json().then((answer) => answer.result);
  assert.equal(video.uid, videoUID);
  assert.ok(Math.abs(video.duration - 15) < 0.5, `${video.duration} s`);
  assertUnbroken(await numbersOf(video.playback.hls), 450);
  await hooks.next((event) => event.type === 'video.asset.live_stream_completed');
  const [asset] = (await mux.video.assets.list({ live_stream_id: live.id })).data;
  assertUnbroken(await numbersOf(`${settings.MUX_STREAM_BASE_URL}/${asset.playback_ids[0].id}.m3u8`), 300);

  // Signed playback: nothing without a token, whoever made it; the key's end is its tokens' end.
  const guarded = await stream.edit(videoUID, { account_id, requireSignedURLs: true });
  assert.equal(guarded.requireSignedURLs, true);
  const status_of = async (url) => (await fetch(url)).status;
  const signed_url = (token) => manifest.replace(`/${uid}/`, `/${token}/`);
  assert.equal(await status_of(video.playback.hls), 401);
  const { token } = await stream.token.create(videoUID, { account_id });
  const whole = await fetch(signed_url(token));
  assert.equal(whole.status, 200);
  const list = new URL((await whole.text()).trim().split('\n').pop(), signed_url(token));
  const segments = await (await fetch(list)).text();
  assert.equal(await status_of(new URL(segments.split('\n').find((line) => line.endsWith('.ts')), list)), 200);
  const signing = await stream.keys.create({ account_id });
  const sign = (claims, key = createPrivateKey(Buffer.from(signing.pem, 'base64').toString())) => {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${encode({ alg: 'RS256', kid: signing.id })}.${encode({ sub: videoUID, kid: signing.id, ...claims })}`;
    return `${body}.${createSign('RSA-SHA256').update(body).sign(key).toString('base64url')}`;
  };
  const soon = Math.floor(Date.now() / 1000) + 600;
  assert.equal(await status_of(signed_url(sign({ exp: soon }))), 200);
  const by_jwk = createPrivateKey({ key: JSON.parse(Buffer.from(signing.jwk, 'base64').toString()), format: 'jwk' });
  assert.equal(await status_of(signed_url(sign({ exp: soon }, by_jwk))), 200);
  assert.equal(await status_of(signed_url(sign({ exp: soon - 1200 }))), 401);
  assert.equal(await status_of(signed_url(sign({ exp: soon, nbf: soon - 60 }))), 401);
  assert.equal(await status_of(signed_url(sign({ exp: soon, sub: 'other' }))), 404);
  assert.equal(await status_of(signed_url(`${sign({ exp: soon }).slice(0, -6)}AAAAAA`)), 401);
  assert.equal(await status_of(signed_url(sign({ exp: soon, accessRules: [{ type: 'ip.src', ip: ['127.0.0.0/8'], action: 'block' }] }))), 403);
  assert.equal(await status_of(signed_url(sign({ exp: soon, accessRules: [{ type: 'ip.src', ip: ['127.0.0.1'], action: 'allow' }, { type: 'any', action: 'block' }] }))), 200);
  const key_ids = [];
  for await (const one of stream.keys.get({ account_id })) key_ids.push(one.id);
  assert.deepEqual(key_ids, [signing.id]);
  await stream.keys.delete(signing.id, { account_id });
  assert.equal(await status_of(signed_url(sign({ exp: soon }))), 401);
  await assert.rejects(stream.token.create('none', { account_id }), refused(404));

  // Live-input notifications carry the shared secret, and go to the account's own address.
  const noticed = hooks.seen.filter((one) => one.json.data?.input_id === uid);
  assert.deepEqual(noticed.map((one) => one.json.data.event_type), ['live_input.connected', 'live_input.disconnected']);
  assert.ok(noticed.every((one) => one.headers['cf-webhook-auth'] === settings.CLOUDFLARE_WEBHOOK_SECRET));
  await stream.webhooks.delete({ account_id });
  await inputs.delete(uid, { account_id });
  assert.equal((await status()).live_inputs.length, 0);
});
await hooks.close();
await subscribed.close();
console.log('ok');
