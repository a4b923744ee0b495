# SPDX-License-Identifier: Apache-2.0
"""Other ends for compose's sources and outputs: nginx-rtmp, a proxy that misbehaves on demand, HTTP, certificates; and
the reader of what they received."""
import contextlib
import functools
import http.server
import math
import os
import select
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

from tsrun import wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def make_clip(path, *, color="0x2060c0", tone=440, seconds=2, size="320x180", rate=30, flash=False, options=()):
    """A clip of one color and one tone. With `flash`: white and a 2 kHz beep for the first 100 ms of every second, else
    dark and silent. The format follows from the name."""
    if flash:
        video = f"color=black:s={size}:r={rate},format=yuv420p,geq=lum='if(lt(mod(N,{rate}),{rate // 10}),235,16)':cb=128:cr=128"
        audio = "aevalsrc=exprs='if(lt(mod(t,1),0.1),0.5*sin(2*PI*2000*t),0)':s=48000"
    else:
        video, audio = f"color={color}:s={size}:r={rate}", f"sine=frequency={tone}:sample_rate=48000"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", video, "-f", "lavfi", "-i", audio, "-t", str(seconds),
                    "-c:v", "libx264", "-preset", "ultrafast", "-g", str(rate), "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2",
                    *options, path], check=True, timeout=120)
    return path


class Child:
    """A process that is ended with the test."""

    def __init__(self, *words, **more):
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=more.pop("stdout", subprocess.DEVNULL),
                                        stderr=more.pop("stderr", subprocess.DEVNULL), **more)

    def stop(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(20)


def publish(clip, url, container="flv", *more):
    """ffmpeg sends a clip for ever, in real time."""
    return Child("ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", clip, "-c", "copy", *more, "-f", container, url)


class Nginx:
    """Debian's nginx with its RTMP module: relays, and records each publish of application "live" as it comes."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "nginx")
        os.makedirs(self.folder, exist_ok=True)
        for _ in range(5):
            self.port = free_port()
            with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="utf-8") as out:
                out.write(f"""load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; master_process off; worker_processes 1;
pid {self.folder}/nginx.pid; error_log {self.folder}/error.log error;
events {{ worker_connections 256; }}
rtmp {{ access_log off; server {{ chunk_size 4096; listen 127.0.0.1:{self.port};
  application live {{ live on; record all; record_path {self.folder}; record_suffix -%Y%m%d-%H%M%S-$pid.flv; record_unique on; }}
  application relay {{ live on; }} }} }}
""")
            self.child = Child("nginx", "-e", self.folder + "/error.log", "-p", self.folder, "-c", self.folder + "/nginx.conf")
            with contextlib.suppress(AssertionError):
                wait_until(lambda: listening(self.port), 10, "nginx")
                return
            self.child.stop()
        raise AssertionError("nginx does not start; is libnginx-mod-rtmp installed?")

    def url(self, key, app="live"):
        return f"rtmp://127.0.0.1:{self.port}/{app}/{key}"

    def stop(self):
        self.child.stop(signal.SIGTERM)

    def recordings(self, key):
        return sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder)
                      if name.startswith(key + "-") and name.endswith(".flv"))


class Authority:
    """A certificate authority of the test's own, and server certificates that it signs."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "tls")
        os.makedirs(self.folder, exist_ok=True)
        self.file = self.path("ca.pem")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-keyout", self.path("ca.key"), "-out", self.file, "-subj", "/CN=test authority",
                     "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)

    def server(self, host, names):
        """An SSL context that serves a certificate for `names` ("DNS:localhost,IP:127.0.0.1")."""
        key, request, certificate, extensions = (self.path(host + end) for end in (".key", ".csr", ".pem", ".ext"))
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
                     "-subj", "/CN=" + host)
        with open(extensions, "w", encoding="utf-8") as out:
            out.write(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        self.openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", "2",
                     "-out", certificate, "-extfile", extensions)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


class Proxy:
    """A TCP proxy on loopback, with TLS in front when it is given a context. `mode` says how it treats connections:
    pass, reject (new ones are closed at once), stall (nothing moves any more)."""

    def __init__(self, target, tls=None):
        self.target, self.tls, self.mode, self.accepted, self.generation = target, tls, "pass", 0, 0
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.accepted += 1
            if self.mode == "reject":
                self.abort(client)
                continue
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        generation, upstream = self.generation, None
        try:
            client.settimeout(10)
            if self.tls is not None:
                client = self.tls.wrap_socket(client, server_side=True)
            upstream = socket.create_connection(("127.0.0.1", self.target), 5)
            upstream.settimeout(10)
            self.copy(client, upstream, generation)
        except OSError:
            pass
        for end in (client, upstream):
            if end is not None:
                self.abort(end) if generation != self.generation else end.close()

    def copy(self, client, upstream, generation):
        while generation == self.generation:
            if self.mode == "stall":
                time.sleep(0.02)  # what a stalled line does
                continue
            pending = [client] if self.tls is not None and client.pending() else []
            for end in pending or select.select([client, upstream], [], [], 0.02)[0]:
                data = end.recv(65536)
                if not data:
                    return
                (upstream if end is client else client).sendall(data)

    @staticmethod
    def abort(end):
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.close()

    def reset(self):
        """Every connection ends with a TCP reset."""
        self.generation += 1

    def stop(self):
        self.server.close()
        self.reset()


class HttpFolder:
    """A folder over HTTP."""

    def __init__(self, folder):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def frame_codes(path, *before):
    """The frame numbers burnt into a recording (lib/frame/frame_code.hpp), read independently; None where there is none."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "fatal", *before, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough",
                           "-vf", "crop=iw:iw/80:0:0,scale=640:8:flags=area,format=gray", "-f", "rawvideo", "-"],
                          capture_output=True, timeout=300)
    picture, codes = 640 * 8, []
    for at in range(0, len(done.stdout) - picture + 1, picture):
        row = done.stdout[at + 4 * 640:at + 5 * 640]
        codes.append(read_code([row[i * 8 + 4] for i in range(38)]))
    return codes


def read_code(levels):
    dark, light = max(levels[1], levels[36]), min(levels[0], levels[2], levels[3], levels[37])
    if light - dark < 60:
        return None
    bits = [level > (dark + light) / 2 for level in levels]
    value = functools.reduce(lambda sum_, bit: sum_ * 2 + bit, bits[4:28], 0)
    crc = 0xFF
    for byte in value.to_bytes(3, "big"):
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ (0x07 if crc & 0x80 else 0)) & 0xFF
    return value if crc == functools.reduce(lambda sum_, bit: sum_ * 2 + bit, bits[28:36], 0) else None


def flashes_and_beeps(url, *before):
    """When white pictures begin and when beeps begin, in seconds on the recording's own clock; each to its sample or frame."""
    from tsrun import ffprobe
    frames = ffprobe(url, *before, "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-show_frames")["frames"]
    times = [float(frame["pts_time"]) for frame in frames]
    luma = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", url, "-map", "0:v:0", "-fps_mode", "passthrough",
                           "-vf", "crop=iw:ih/2:0:ih/4,scale=2:2:flags=area,format=gray", "-f", "rawvideo", "-"],
                          capture_output=True, timeout=300, check=True).stdout
    bright = [luma[i] > 120 for i in range(0, len(luma), 4)]
    flashes = [times[i] for i in range(1, min(len(bright), len(times))) if bright[i] and not bright[i - 1]]
    first = next(float(p["pts_time"]) for p in ffprobe(url, "-select_streams", "a:0", "-show_frames",
                                                       "-show_entries", "frame=pts_time")["frames"])
    sound = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", url, "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"],
                           capture_output=True, timeout=300, check=True).stdout
    levels = memoryview(sound[:len(sound) // 2 * 2]).cast("h")
    beeps, quiet = [], 0
    for i, level in enumerate(levels):
        if abs(level) < 2500:
            quiet += 1
        else:
            if quiet > 9600:  # 200 ms of silence before it
                beeps.append(first + i / 48000)
            quiet = 0
    return flashes, beeps


def tone_level(samples, frequency, rate=48000):
    """Mean amplitude of one frequency in 16-bit samples, 0 to 1: Goertzel over blocks of 40 ms, so that a source whose clock is
    being followed (its pitch is off by a little) counts in full."""
    block = rate // 25
    coefficient = 2 * math.cos(2 * math.pi * frequency / rate)
    levels = []
    for at in range(0, len(samples) - block + 1, block):
        before = last = 0.0
        for sample in samples[at:at + block]:
            before, last = last, sample / 32768 + coefficient * last - before
        power = last * last + before * before - coefficient * last * before
        levels.append(2 * math.sqrt(max(power, 0)) / block)
    return sum(levels) / max(len(levels), 1)
