// SPDX-License-Identifier: Apache-2.0
// Faults on purpose (ts sandbox up --fail), as the SDKs meet them.
import assert from 'node:assert/strict';
import { sdk, withSandbox } from './harness.mjs';

const { EgressClient, IngressClient, RoomServiceClient } = await sdk('livekit-server-sdk');
const { default: Cloudflare } = await sdk('cloudflare');
const { default: Mux } = await sdk('@mux/mux-node');

const faults = [
  '429=0@POST /video/v1/live-streams', '503@GET /video/v1/live-streams*2', 'apply-reset@PUT /video', '503@CreateRoom',
  'content-type@ListRooms', 'truncate@DeleteRoom', 'reset@UpdateRoomMetadata', '401@ListIngress', 'slow=1s@ListEgress',
  '401@GET /system/v1/whoami', 'content-type@GET /video/v1/assets', 'slow=1s@GET /system/v1/signing-keys',
  '429=0@GET /client/v4', '503@GET /client/v4', '401@GET /client/v4', 'content-type@GET /client/v4', 'slow=1s@GET /client/v4',
  'reset@POST /client/v4', 'apply-reset@POST /client/v4', 'reset@DELETE /video',
];
await withSandbox(process.argv[2], ['--fail', faults.join(',')], async ({ settings, http, status }) => {
  const options = { tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: http };
  const patient = new Mux(options);
  const hasty = new Mux({ ...options, maxRetries: 0 });
  const livekit = [settings.LIVEKIT_URL, settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET];
  const rooms = new RoomServiceClient(...livekit);
  assert.equal((await status()).faults.length, faults.length);

  // The SDK tries a refused create again, and gets exactly one stream.
  const made = await patient.video.liveStreams.create({ playback_policies: ['public'] });
  await assert.rejects(hasty.video.liveStreams.list(), (error) => error.status === 503);
  await assert.rejects(hasty.video.liveStreams.list(), (error) => error.status === 503);
  assert.deepEqual((await hasty.video.liveStreams.list()).data.map((one) => one.id), [made.id]);

  // Carried out, but the answer never came.
  await assert.rejects(hasty.video.liveStreams.disable(made.id), Mux.APIConnectionError);
  assert.equal((await hasty.video.liveStreams.retrieve(made.id)).status, 'disabled');

  await assert.rejects(rooms.createRoom({ name: 'stage' }), (error) => error.status === 503);
  assert.equal((await rooms.createRoom({ name: 'stage', metadata: 'm' })).name, 'stage');
  // Not carried out at all.
  await assert.rejects(rooms.updateRoomMetadata('stage', 'changed'));
  await assert.rejects(rooms.listRooms());
  const [room] = await rooms.listRooms();
  assert.equal(room.metadata, 'm');
  // Carried out, half an answer.
  await assert.rejects(rooms.deleteRoom('stage'));
  assert.deepEqual(await rooms.listRooms(), []);
  await assert.rejects(new IngressClient(...livekit).listIngress(), (error) => error.status === 401);
  const begun = Date.now();
  assert.deepEqual(await new EgressClient(...livekit).listEgress(), []);
  assert.ok(Date.now() - begun >= 1000);

  // Mux: a wrong token, a page for an answer, a late answer, a reset.
  await assert.rejects(hasty.get('/system/v1/whoami'), (error) => error.status === 401);
  assert.match(String(await hasty.get('/video/v1/assets')), /<html>/);
  const asked = Date.now();
  assert.equal((await hasty.system.signingKeys.list()).data.length, 1);
  assert.ok(Date.now() - asked >= 1000);
  await assert.rejects(hasty.video.liveStreams.delete(made.id), Mux.APIConnectionError);
  assert.equal((await hasty.video.liveStreams.retrieve(made.id)).id, made.id);

  // Cloudflare: the same kinds, and a create that is asked for again by its key makes one input.
  const account = { account_id: settings.CLOUDFLARE_ACCOUNT_ID };
  const cloudflare = new Cloudflare({ apiToken: settings.CLOUDFLARE_API_TOKEN, baseURL: settings.CLOUDFLARE_BASE_URL, maxRetries: 0 });
  const { liveInputs } = cloudflare.stream;
  for (const code of [429, 503, 401]) await assert.rejects(liveInputs.list(account), (error) => error.status === code);
  await assert.rejects(liveInputs.list(account).then((answer) => answer.liveInputs.length));
  const late = Date.now();
  await liveInputs.list(account);
  assert.ok(Date.now() - late >= 1000);
  const once = { headers: { 'Idempotency-Key': 'one' } };
  await assert.rejects(liveInputs.create(account, once), Cloudflare.APIConnectionError);
  await assert.rejects(liveInputs.create(account, once), Cloudflare.APIConnectionError);
  const input = await liveInputs.create(account, once);
  const all = await liveInputs.list({ ...account, include_counts: true });
  assert.deepEqual(all.liveInputs.map((one) => one.uid), [input.uid]);
  assert.equal((await status()).faults.length, 0);
});
// The vendors' own rates: a burst passes, then 429 with the time to wait, which a patient client waits out.
await withSandbox(process.argv[2], ['--rate-limits'], async ({ settings, http }) => {
  const options = { tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: http };
  const hasty = new Mux({ ...options, maxRetries: 0 });
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => hasty.video.liveStreams.create({})));
  const refused = outcomes.filter((one) => one.status === 'rejected').map((one) => one.reason);
  assert.ok(refused.length >= 3, `${refused.length} refused`);
  for (const error of refused) {
    assert.equal(error.status, 429);
    assert.ok(Number(error.headers.get('retry-after')) >= 1);
  }
  const patient = new Mux({ ...options, maxRetries: 5 });
  assert.ok((await patient.video.liveStreams.create({})).id);
});
console.log('ok');
