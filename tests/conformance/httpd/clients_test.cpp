// SPDX-License-Identifier: Apache-2.0
// Foreign clients are the judges: curl and Node's fetch.
#include "httpd/server.hpp"
#include "support/command.hpp"
#include "support/tcp_client.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

namespace ts::httpd {
namespace {

using test::Command;
using test::TcpClient;

class Clients : public testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    std::ofstream(dir_.path() / "segment.ts") << std::string(100'000, 's');
    Router router;
    router.on("*", "/echo", [](const Request& request) {
      return Response::text(200, request.method + " " + request.body);
    });
    router.on("POST", "/size", [](const Request& request) {
      return Response::text(200, std::to_string(request.body.size()));
    });
    router.on("GET", "/hls/{path*}", serve_directory(dir_.path()));
    auto server = HttpServer::start(std::move(options), std::move(router));
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
  }
  [[nodiscard]] std::string url(const std::string& path) const { return server_->url() + path; }
  static std::string run(std::vector<std::string> words, int expected_exit = 0) {
    Command command(std::move(words));
    EXPECT_EQ(command.wait(), expected_exit) << command.text();
    return command.text();
  }
  static std::string curl(std::vector<std::string> more, int expected_exit = 0) {
    std::vector<std::string> words{"curl", "-sS", "--noproxy", "*", "--max-time", "10"};
    words.insert(words.end(), more.begin(), more.end());
    return run(std::move(words), expected_exit);
  }
  static std::string node(const std::string& script) {
    return run({"node", "--input-type=module", "-e", script});
  }
  /// A certificate for localhost, signed by an authority made here.
  void make_certificates() {
    const auto path = [&](const char* name) { return (dir_.path() / name).string(); };
    run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=test authority", "-keyout", path("ca.key"), "-out",
         path("ca.pem")});
    run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", path("server.key"), "-out", path("server.csr")});
    run({"openssl", "x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"), "-CAkey",
         path("ca.key"), "-CAcreateserial", "-days", "1", "-copy_extensions", "copy", "-out",
         path("server.pem")});
  }
  [[nodiscard]] TlsFiles tls_files() const {
    return {.certificate = dir_.path() / "server.pem", .key = dir_.path() / "server.key"};
  }

  test::TempDir dir_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Clients, CurlKeepsTheConnection) {
  start();

  const auto text = curl({url("/echo"), url("/echo"), "-d", "x", url("/echo")});

  EXPECT_EQ(text, "POST xPOST xPOST x");
  EXPECT_EQ(server_->stats().connections_accepted, 1U);
}

TEST_F(Clients, CurlSendsChunksAndLargeBodies) {
  start({.max_body_bytes = std::size_t{4} << 20U});
  const auto file = (dir_.path() / "body").string();
  std::ofstream(file) << std::string(3'000'000, 'b');

  EXPECT_EQ(curl({"--data-binary", "@" + file, url("/size")}), "3000000");
  EXPECT_EQ(curl({"-H", "Transfer-Encoding: chunked", "--data-binary", "@" + file, url("/size")}),
            "3000000");
}

TEST_F(Clients, CurlIsTold413) {
  start();
  const auto file = (dir_.path() / "body").string();
  std::ofstream(file) << std::string((std::size_t{1} << 20U) + 1, 'b');

  const auto status = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"-o", "/dev/null", "-w", "%{http_code}", "--data-binary", "@" + file,
                             url("/size")});
    return curl(std::move(more));
  };

  EXPECT_EQ(status({}), "413");
  EXPECT_EQ(status({"-H", "Expect:"}), "413") << "told although it sends at once";
}

TEST_F(Clients, CurlReadsHeadRangesAndConditions) {
  start();
  const auto code = [&](std::vector<std::string> more) {
    more.insert(more.end(),
                {"-o", "/dev/null", "-w", "%{http_code} %{size_download}", url("/hls/segment.ts")});
    return curl(std::move(more));
  };

  EXPECT_EQ(code({}), "200 100000");
  EXPECT_EQ(code({"-I"}).substr(0, 4), "200 ");
  EXPECT_EQ(code({"-r", "10-19"}), "206 10");
  EXPECT_EQ(code({"-r", "100000-"}), "416 0");
  const auto etags = (dir_.path() / "etag").string();
  EXPECT_EQ(code({"--etag-save", etags}), "200 100000");
  EXPECT_EQ(code({"--etag-compare", etags}), "304 0");
  EXPECT_EQ(curl({"--path-as-is", "-o", "/dev/null", "-w", "%{http_code}",
                  url("/hls/../../../../../../etc/passwd")}),
            "404");
}

TEST_F(Clients, CurlVerifiesTheCertificate) {
  make_certificates();
  start({.tls = tls_files()});
  const auto address = "https://localhost:" + std::to_string(server_->port()) + "/echo";
  const auto authority = (dir_.path() / "ca.pem").string();

  EXPECT_EQ(curl({"--cacert", authority, "-d", "secret", address, address}),
            "POST secretPOST secret");
  EXPECT_EQ(server_->stats().connections_accepted, 1U);
  curl({address}, 60);  // Unknown authority.
  curl({"--cacert", authority, "--tls-max", "1.1", address}, 35);
}

TEST_F(Clients, TlsCertificatesAreReplacedWhileRunning) {
  make_certificates();
  start({.tls = tls_files()});
  const auto address = "https://localhost:" + std::to_string(server_->port()) + "/echo";
  std::filesystem::rename(dir_.path() / "ca.pem", dir_.path() / "old.pem");
  make_certificates();

  curl({"--cacert", (dir_.path() / "ca.pem").string(), address}, 60);
  ASSERT_TRUE(server_->reload_tls().ok());
  EXPECT_EQ(curl({"--cacert", (dir_.path() / "ca.pem").string(), address}), "GET ");

  std::filesystem::remove(dir_.path() / "server.key");
  const auto status = server_->reload_tls();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(curl({"--cacert", (dir_.path() / "ca.pem").string(), address}), "GET ");
}

TEST_F(Clients, NodeFetchesManyAtOnce) {
  start();

  const auto text = node("const url = '" + url("/echo") + "';" + R"(
    const all = await Promise.all(Array.from({length: 200}, async (_, i) => {
      const answer = await fetch(url, {method: 'POST', body: 'n' + i});
      return await answer.text() === 'POST n' + i && answer.status === 200;
    }));
    console.log(all.every(Boolean), all.length);
  )");

  EXPECT_EQ(text, "true 200\n");
}

TEST_F(Clients, NodeIsTold413And404And405) {
  start();

  const auto text = node("const url = '" + server_->url() + "';" + R"(
    const big = await fetch(url + '/size', {method: 'POST', body: 'x'.repeat(3 << 20)});
    const none = await fetch(url + '/none');
    const wrong = await fetch(url + '/size');
    console.log(big.status, none.status, wrong.status, wrong.headers.get('allow'));
  )");

  EXPECT_EQ(text, "413 404 405 POST\n");
}

TEST_F(Clients, SlowOnesDoNotStarveTheHonest) {
  start({.max_connections = 400});
  std::vector<TcpClient> slow;
  for (int i = 0; i < 300; ++i) {
    slow.emplace_back(server_->port());
    slow.back().send("POST /size HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx");
  }

  const auto text = node("const url = '" + url("/echo") + "';" + R"(
    const times = [];
    for (let i = 0; i < 200; ++i) {
      const begin = performance.now();
      await (await fetch(url)).text();
      times.push(performance.now() - begin);
    }
    times.sort((a, b) => a - b);
    console.log(times[180] < 250);
  )");

  EXPECT_EQ(text, "true\n");
}

TEST_F(Clients, FfmpegReadsFromIt) {
  start();
  run({"ffmpeg",
       "-v",
       "error",
       "-f",
       "lavfi",
       "-i",
       "testsrc2=size=160x90:rate=30",
       "-frames:v",
       "60",
       "-c:v",
       "libx264",
       "-preset",
       "ultrafast",
       "-g",
       "30",
       "-f",
       "hls",
       "-hls_time",
       "1",
       "-hls_list_size",
       "0",
       (dir_.path() / "index.m3u8").string()});

  const auto frames = run({"ffprobe", "-v", "error", "-count_frames", "-show_entries",
                           "stream=nb_read_frames", "-of", "csv=p=0", url("/hls/index.m3u8")});

  EXPECT_EQ(frames.substr(0, 2), "60");
}

}  // namespace
}  // namespace ts::httpd
