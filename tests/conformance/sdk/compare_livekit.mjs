// SPDX-License-Identifier: Apache-2.0
// The sandbox's room calls beside those of a real livekit-server (TS_LIVEKIT_SERVER names it): the same
// status, content type and body, ids and times aside. Skipped (77) when there is none.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { eventually, sdk, withSandbox } from './harness.mjs';

const server = process.env.TS_LIVEKIT_SERVER;
if (!server) {
  console.log('skipped: TS_LIVEKIT_SERVER does not name a livekit-server');
  process.exit(77);
}
const { AccessToken } = await sdk('livekit-server-sdk');

const freePort = () => new Promise((resolve) => {
  const socket = createServer().listen(0, '127.0.0.1', () => {
    const { port } = socket.address();
    socket.close(() => resolve(port));
  });
});

const admin = { roomCreate: true, roomList: true, roomAdmin: true, room: 'stage', roomRecord: true, ingressAdmin: true };
const json = 'application/json';
// [call, body, grants or raw headers, options]
const calls = [
  ['RoomService/ListRooms', '{}', admin],
  ['RoomService/CreateRoom', '{"name":"stage","emptyTimeout":60,"metadata":"m","max_participants":5,"unknown":[1]}', admin],
  ['RoomService/CreateRoom', '{"name":"stage","departureTimeout":"90"}', admin],
  ['RoomService/CreateRoom', '{"name":""}', admin],
  ['RoomService/CreateRoom', `{"name":"${'x'.repeat(257)}"}`, admin],
  ['RoomService/CreateRoom', `{"name":"stage","metadata":"${'m'.repeat(524289)}"}`, admin],
  ['RoomService/CreateRoom', '{"name":"stage","roomPreset":"none"}', admin],
  ['RoomService/CreateRoom', `{"name":"fresh","metadata":"${'m'.repeat(524289)}"}`, admin],
  ['RoomService/CreateRoom', '{"name":"preset","roomPreset":"none"}', admin],
  ['RoomService/ListRooms', '{"names":["fresh","preset"]}', admin],
  ['RoomService/CreateRoom', '{"name":5}', admin],
  ['RoomService/CreateRoom', '{"name":"stage"', admin],
  ['RoomService/CreateRoom', '[]', admin],
  ['RoomService/CreateRoom', '', admin],
  ['RoomService/ListRooms', '{"names":["stage"]}', admin],
  ['RoomService/ListRooms', '{"names":"stage"}', admin],
  ['RoomService/ListRooms', '{"names":["none"]}', admin],
  ['RoomService/UpdateRoomMetadata', '{"room":"stage","metadata":"n"}', admin],
  ['RoomService/ListParticipants', '{"room":"stage"}', admin],
  ['RoomService/GetParticipant', '{"room":"stage","identity":"nobody"}', admin],
  ['RoomService/RemoveParticipant', '{"room":"stage","identity":"nobody"}', admin],
  ['RoomService/UpdateParticipant', '{"room":"stage","identity":"nobody","name":"x"}', admin],
  ['RoomService/MutePublishedTrack', '{"room":"stage","identity":"nobody","trackSid":"TR_x","muted":true}', admin],
  ['RoomService/UpdateSubscriptions', '{"room":"stage","identity":"nobody","trackSids":["TR_x"]}', admin],
  ['RoomService/SendData', '{"room":"stage","data":"aGk=","kind":"RELIABLE"}', admin],
  ['RoomService/SendData', '{"room":"stage","data":"aGk=","nonce":"aGk="}', admin],
  ['RoomService/SendData', '{"room":"stage","data":"%%%"}', admin],
  ['RoomService/PerformRpc', '{"room":"stage"}', admin],
  ['RoomService/PerformRpc', '{"room":"stage","destinationIdentity":"nobody","method":"m"}', admin],
  ['RoomService/ForwardParticipant', '{"room":"stage","identity":"a","destinationRoom":"stage"}', { ...admin, destinationRoom: 'stage' }],
  ['RoomService/MoveParticipant', '{"room":"stage","identity":"a","destinationRoom":"other"}', { ...admin, destinationRoom: 'other' }],
  ['RoomService/MoveParticipant', '{"room":"stage","identity":"a","destinationRoom":"stage"}', { ...admin, destinationRoom: 'stage' }],
  ['RoomService/ForwardParticipant', '{"room":"stage","identity":"a","destinationRoom":"other"}', { ...admin, destinationRoom: 'other' }],
  ['RoomService/ForwardParticipant', '{"room":"stage","identity":"a","destinationRoom":"other"}', admin],
  ['RoomService/MoveParticipant', '{"room":"stage","identity":"a"}', admin],
  ['RoomService/UpdateParticipant', `{"room":"stage","identity":"nobody","name":"${'x'.repeat(257)}"}`, admin],
  ['RoomService/UpdateParticipant', `{"room":"stage","identity":"nobody","metadata":"${'m'.repeat(524289)}"}`, admin],
  ['RoomService/UpdateParticipant', `{"room":"stage","identity":"nobody","attributes":{"a":"${'m'.repeat(65536)}"}}`, admin],
  ['RoomService/UpdateRoomMetadata', `{"room":"stage","metadata":"${'m'.repeat(524289)}"}`, admin],
  ['RoomService/Nothing', '{}', admin],
  ['Nothing/ListRooms', '{}', admin],
  ['RoomService', '{}', admin],
  ['RoomService/ListRooms', '{}', admin, { method: 'GET' }],
  ['RoomService/ListRooms', '{}', admin, { type: 'text/plain' }],
  ['RoomService/ListRooms', '{}', admin, { type: 'application/json;charset=UTF-8' }],
  ['RoomService/ListRooms', '{}', { roomJoin: true, room: 'stage' }],
  ['RoomService/CreateRoom', '{"name":"y"}', { roomList: true }],
  ['RoomService/ListParticipants', '{"room":"stage"}', { roomAdmin: true, room: 'other' }],
  ['RoomService/UpdateRoomMetadata', '{"room":"none","metadata":"n"}', { roomAdmin: true, room: 'none' }],
  ['RoomService/SendData', '{"room":"none","data":"aGk="}', { roomAdmin: true, room: 'none' }],
  ['RoomService/ListParticipants', '{"room":"none"}', { roomAdmin: true, room: 'none' }],
  ['RoomService/ListRooms', '{}', null, { authorization: 'bearer x' }],
  ['RoomService/ListRooms', '{}', null, { authorization: 'Bearer x' }],
  ['RoomService/ListRooms', '{}', null, { authorization: 'Bearer a.b.c' }],
  ['RoomService/ListRooms', '{}', null],
  ['RoomService/ListRooms', '{}', admin, { key: 'APIother' }],
  ['RoomService/ListRooms', '{}', admin, { secret: 'another-secret-of-thirty-two-bytes' }],
  ['RoomService/ListRooms', '{}', admin, { ttl: -3600 }],
  ['RoomService/ListRooms', '{}', admin, { ttl: -30 }],
  ['RoomService/DeleteRoom', '{"room":"stage"}', { roomAdmin: true, room: 'stage' }],
  ['RoomService/DeleteRoom', '{"room":""}', admin],
  ['RoomService/DeleteRoom', '{"room":"stage"}', admin],
  ['RoomService/DeleteRoom', '{"room":"stage"}', admin],
];

/** Ids, times and secrets as their shape. */
function mask(value, key = '') {
  if (Array.isArray(value)) return value.map((one) => mask(one));
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mask(one, name)]).sort());
  }
  if (/^(sid|turn_password)$/.test(key) && value) return '*';
  if (/^creation_time/.test(key)) return typeof value;
  // Which codecs are offered is the server's configuration.
  return value;
}

async function ask(http, key, secret, [call, body, grants, options = {}]) {
  const headers = { 'content-type': options.type ?? json };
  if (options.authorization) headers.authorization = options.authorization;
  if (grants) {
    const token = new AccessToken(options.key ?? key, options.secret ?? secret, {
      ...(grants.roomJoin && { identity: 'somebody' }), ...(options.ttl && { ttl: options.ttl }),
    });
    token.addGrant(grants);
    headers.authorization = `Bearer ${await token.toJwt()}`;
  }
  const method = options.method ?? 'POST';
  const answer = await fetch(`${http}/twirp/livekit.${call}`, { method, headers, body: method === 'GET' ? undefined : body });
  const text = await answer.text();
  let shown = text;
  try {
    shown = mask(JSON.parse(text));
    shown.rooms?.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const room of [shown, ...(shown.rooms ?? [])]) if (room.enabled_codecs) room.enabled_codecs = room.enabled_codecs.length > 0;
  } catch {
    // Plain text; a refused token is in it.
    shown = text.replace(/[\w-]+\.[\w-]+\.[\w-]+/, 'TOKEN');
  }
  return { status: answer.status, type: answer.headers.get('content-type')?.split(';')[0], body: shown };
}

const port = await freePort();
const key = 'APIcompare';
const secret = 'a-shared-secret-of-thirty-two-bytes!';
const config = `port: ${port}\nbind_addresses: ["127.0.0.1"]\nkeys:\n  ${key}: ${secret}\nrtc:\n  tcp_port: ${await freePort()}\n  udp_port: ${await freePort()}\n  node_ip: 127.0.0.1\nlimit: {max_metadata_size: 524288, max_attributes_size: 65536}\nlogging: {level: error}\n`;
const real = spawn(server, ['--config-body', config, '--node-ip', '127.0.0.1'], { stdio: ['ignore', 'ignore', 'ignore'] });
let differences = 0;
try {
  await eventually('livekit-server', () => fetch(`http://127.0.0.1:${port}/`).then((one) => one.status === 200, () => false));
  await withSandbox(process.argv[2], [], async ({ http, settings }) => {
    for (const call of calls) {
      const expected = await ask(`http://127.0.0.1:${port}`, key, secret, call);
      const actual = await ask(http, settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET, call);
      try {
        assert.deepEqual(actual, expected);
      } catch {
        ++differences;
        console.log(`${call[0]} ${call[1].slice(0, 80)} ${JSON.stringify(call[2])} ${JSON.stringify(call[3] ?? {})}`);
        console.log(`  livekit-server: ${JSON.stringify(expected)}`);
        console.log(`  sandbox:        ${JSON.stringify(actual)}`);
      }
    }
  });
} finally {
  real.kill('SIGTERM');
}
console.log(`${calls.length} calls, ${differences} differences`);
process.exit(differences === 0 ? 0 : 1);
