// SPDX-License-Identifier: Apache-2.0
// @mux/mux-node drives every Mux call of the sandbox that needs no media.
import assert from 'node:assert/strict';
import { eventually, receiveWebhooks, sdk, withSandbox } from './harness.mjs';

const { default: Mux } = await sdk('@mux/mux-node');

const hooks = await receiveWebhooks();
await withSandbox(process.argv[2], ['--webhook-url', hooks.url], async ({ settings, http }) => {
  const client = (overrides = {}) => new Mux({
    tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, webhookSecret: settings.MUX_WEBHOOK_SECRET,
    jwtSigningKey: settings.MUX_SIGNING_KEY, jwtPrivateKey: settings.MUX_PRIVATE_KEY,
    baseURL: http, maxRetries: 0, ...overrides,
  });
  const mux = client();
  const streams = mux.video.liveStreams;
  const refused = (status, text) => (error) => {
    assert.equal(error.status, status, error.message);
    if (text) assert.match(JSON.stringify(error.error), text);
    return true;
  };

  // Create, read, change, list.
  const made = await streams.create({
    playback_policies: ['public', 'signed'], new_asset_settings: { playback_policies: ['public'] },
    latency_mode: 'low', reconnect_window: 10, passthrough: 'show-1', meta: { title: 'Sunday' },
    simulcast_targets: [{ url: 'rtmp://127.0.0.1:1/live', stream_key: 'abc', passthrough: 'p' }],
  });
  assert.equal(made.status, 'idle');
  assert.equal(made.latency_mode, 'low');
  assert.equal(made.reconnect_window, 10);
  assert.equal(made.passthrough, 'show-1');
  assert.equal(made.meta.title, 'Sunday');
  assert.deepEqual(made.playback_ids.map((one) => one.policy), ['public', 'signed']);
  assert.ok(made.stream_key.length > 20);
  assert.equal(typeof made.created_at, 'string');
  assert.equal(made.simulcast_targets[0].status, 'idle');
  assert.equal(made.active_asset_id, undefined);
  const plain = await streams.create({ playback_policy: ['public'], test: true });
  assert.equal(plain.reconnect_window, 60);
  assert.equal(plain.latency_mode, 'standard');
  assert.equal(plain.max_continuous_duration, 43200);
  assert.equal((await streams.create({ latency_mode: 'reduced' })).reconnect_window, 0);
  assert.equal((await streams.retrieve(made.id)).id, made.id);
  const patched = await streams.update(made.id, { passthrough: 'show-2', reconnect_window: 0 });
  assert.equal(patched.passthrough, 'show-2');
  assert.equal(patched.reconnect_window, 0);
  const ids = [];
  for await (const one of streams.list({ limit: 2 })) ids.push(one.id);
  assert.equal(ids.length, 3);
  assert.equal(ids[2], made.id, 'newest first');
  const byKey = await streams.list({ stream_key: made.stream_key });
  assert.deepEqual(byKey.data.map((one) => one.id), [made.id]);
  assert.equal((await streams.list({ status: 'active' })).data.length, 0);

  // What is wrong is named.
  await assert.rejects(streams.create({ reconnect_window: 1801 }), refused(400, /reconnect_window must be a number from 0 to 1800/));
  await assert.rejects(streams.create({ latency_mode: 'fast' }), refused(400, /latency_mode must be one of/));
  await assert.rejects(streams.create({ test: true, max_continuous_duration: 600 }), refused(400, /test live stream/));
  await assert.rejects(streams.create({ passthrough: 'x'.repeat(256) }), refused(400, /at most 255/));
  await assert.rejects(streams.create({ playback_policies: ['open'] }), refused(400, /playback_policies/));
  await assert.rejects(streams.create({ pasthrough: 'x' }), refused(400, /did you mean passthrough/));
  await assert.rejects(streams.create({ simulcast_targets: Array(7).fill({ url: 'rtmp://127.0.0.1/x' }) }), refused(400, /at most 6/));
  await assert.rejects(streams.update(plain.id, { max_continuous_duration: 600 }), refused(400));
  await assert.rejects(streams.retrieve('none'), refused(404, /not_found/));
  await assert.rejects(client({ tokenSecret: 'wrong' }).video.liveStreams.list(), refused(401, /unauthorized/));

  // Playback ids.
  const extra = await streams.createPlaybackId(made.id, { policy: 'signed' });
  assert.equal(extra.policy, 'signed');
  assert.equal((await streams.retrievePlaybackId(made.id, extra.id)).id, extra.id);
  const owner = await mux.video.playbackIds.retrieve(extra.id);
  assert.deepEqual(owner.object, { id: made.id, type: 'live_stream' });
  await streams.deletePlaybackId(made.id, extra.id);
  await assert.rejects(streams.retrievePlaybackId(made.id, extra.id), refused(404));

  // Simulcast targets.
  const target = await streams.createSimulcastTarget(made.id, { url: 'rtmps://127.0.0.1:1/live', stream_key: 'k' });
  assert.equal(target.status, 'idle');
  assert.equal((await streams.retrieveSimulcastTarget(made.id, target.id)).url, 'rtmps://127.0.0.1:1/live');
  await streams.deleteSimulcastTarget(made.id, target.id);
  await assert.rejects(streams.retrieveSimulcastTarget(made.id, target.id), refused(404));
  await assert.rejects(streams.createSimulcastTarget(made.id, { url: 'https://127.0.0.1/live' }), refused(400, /rtmp/));

  // Keys, subtitles, renditions, enable, disable, complete.
  const rotated = await streams.resetStreamKey(made.id);
  assert.notEqual(rotated.stream_key, made.stream_key);
  const captions = await streams.updateEmbeddedSubtitles(made.id, { embedded_subtitles: [{ name: 'English', language_code: 'en', language_channel: 'cc1' }] });
  assert.equal(captions.embedded_subtitles[0].language_code, 'en');
  const generated = await streams.updateGeneratedSubtitles(made.id, { generated_subtitles: [{ name: 'English', language_code: 'en' }] });
  assert.equal(generated.generated_subtitles.length, 1);
  const renditions = await streams.updateNewAssetSettingsStaticRenditions(made.id, { static_renditions: [{ resolution: 'highest' }] });
  assert.equal(renditions.new_asset_settings.static_renditions[0].resolution, 'highest');
  await streams.deleteNewAssetSettingsStaticRenditions(made.id);
  await streams.disable(made.id);
  assert.equal((await streams.retrieve(made.id)).status, 'disabled');
  await streams.enable(made.id);
  assert.equal((await streams.retrieve(made.id)).status, 'idle');
  await streams.complete(made.id);

  // Assets, signing keys, who am I.
  assert.equal((await mux.video.assets.list()).data.length, 0);
  await assert.rejects(mux.video.assets.retrieve('none'), refused(404));
  // The sandbox fetches from this machine only.
  const foreign = await mux.video.assets.create({ inputs: [{ url: 'http://192.0.2.1/x.mp4' }], playback_policies: ['public'] });
  await eventually('the refusal of another machine', async () => (await mux.video.assets.retrieve(foreign.id)).status === 'errored');
  await mux.video.assets.delete(foreign.id);
  const key = await mux.system.signingKeys.create();
  assert.match(Buffer.from(key.private_key, 'base64').toString(), /BEGIN RSA PRIVATE KEY/);
  assert.equal((await mux.system.signingKeys.retrieve(key.id)).private_key, undefined);
  assert.equal((await mux.system.signingKeys.list()).data.length, 2);
  await mux.system.signingKeys.delete(key.id);

  // Viewers before anything is live.
  const playlist = (id, query = '') => fetch(`${settings.MUX_STREAM_BASE_URL}/${id}.m3u8${query}`);
  const [open, signed] = made.playback_ids;
  assert.equal((await playlist(open.id)).status, 412);
  assert.equal((await playlist('none')).status, 404);
  assert.equal((await playlist(signed.id)).status, 403);
  const token = await mux.jwt.signPlaybackId(signed.id, { type: 'video', expiration: '1h' });
  assert.equal((await playlist(signed.id, `?token=${token}`)).status, 412);
  const thumbnail = await mux.jwt.signPlaybackId(signed.id, { type: 'thumbnail', expiration: '1h' });
  assert.equal((await playlist(signed.id, `?token=${thumbnail}`)).status, 403);
  const other = await mux.jwt.signPlaybackId(open.id, { type: 'video', expiration: '1h' });
  assert.equal((await playlist(signed.id, `?token=${other}`)).status, 403);

  await streams.delete(made.id);
  await assert.rejects(streams.retrieve(made.id), refused(404));

  // Webhooks: signed so that the SDK unwraps them, in the order things happened.
  await hooks.next((event) => event.type === 'video.live_stream.deleted');
  for (const one of hooks.seen) {
    const event = await mux.webhooks.unwrap(one.body, one.headers, settings.MUX_WEBHOOK_SECRET);
    assert.ok(event.type.startsWith('video.'));
  }
  const mine = hooks.seen.map((one) => one.json).filter((event) => event.object.id === made.id).map((event) => event.type.slice('video.live_stream.'.length));
  assert.deepEqual(mine, ['created', 'updated', 'disabled', 'enabled', 'deleted']);
});
await hooks.close();
console.log('ok');
