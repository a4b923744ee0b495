// SPDX-License-Identifier: Apache-2.0
// Faults on purpose (ts sandbox up --fail), as the SDKs meet them.
import assert from 'node:assert/strict';
import { sdk, withSandbox } from './harness.mjs';

const { RoomServiceClient } = await sdk('livekit-server-sdk');
const { default: Mux } = await sdk('@mux/mux-node');

const faults = [
  '429=0@POST /video/v1/live-streams', '503@GET /video/v1/live-streams*2', 'apply-reset@PUT /video', '503@CreateRoom',
  'content-type@ListRooms', 'truncate@DeleteRoom', 'reset@UpdateRoomMetadata',
];
await withSandbox(process.argv[2], ['--fail', faults.join(',')], async ({ settings, http, status }) => {
  const options = { tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: http };
  const patient = new Mux(options);
  const hasty = new Mux({ ...options, maxRetries: 0 });
  const rooms = new RoomServiceClient(settings.LIVEKIT_URL, settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET);
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
  assert.equal((await status()).faults.length, 0);
});
console.log('ok');
