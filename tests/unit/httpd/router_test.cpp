// SPDX-License-Identifier: Apache-2.0
#include "httpd/router.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

namespace ts::httpd {
namespace {

/// What the router's choice answers.
Response ask(const Router& router, const std::string& method, const std::string& path) {
  const auto match = router.match(method, path);
  Response answer;
  Request request;
  request.method = method;
  request.path = path;
  request.params = match.params;
  (*match.handler)(std::move(request),
                   Responder([&](Response response) { answer = std::move(response); }));
  return answer;
}

Handler say(const std::string& text) {
  return [text](const Request&) { return Response::text(200, text); };
}

TEST(Router, PrefersTheMoreExactPattern) {
  Router router;
  router.on("GET", "/{rest*}", say("rest"));
  router.on("GET", "/streams/{id}", say("one"));
  router.on("GET", "/streams/mine", say("mine"));

  EXPECT_EQ(ask(router, "GET", "/streams/mine").body, "mine");
  EXPECT_EQ(ask(router, "GET", "/streams/x").body, "one");
  EXPECT_EQ(ask(router, "GET", "/streams/x/y").body, "rest");
  EXPECT_EQ(ask(router, "GET", "/").body, "rest");
}

TEST(Router, DecodesParametersOnce) {
  Router router;
  router.on("GET", "/s/{id}/x", [](const Request& request) {
    return Response::text(200, std::string(request.param("id")));
  });

  EXPECT_EQ(ask(router, "GET", "/s/a%2Fb%2525/x").body, "a/b%25");
  EXPECT_EQ(ask(router, "GET", "/s//x").status, 404);
  EXPECT_EQ(ask(router, "GET", "/s/a/b/x").status, 404);
}

TEST(Router, NamesTheMethodsOfAKnownPath) {
  Router router;
  router.on("GET", "/a", say("a")).on("DELETE", "/a", say("gone"));

  EXPECT_EQ(router.match("POST", "/a").allow, "DELETE, GET, HEAD");
  EXPECT_EQ(ask(router, "POST", "/a").status, 405);
  EXPECT_EQ(ask(router, "HEAD", "/a").status, 200);
  EXPECT_EQ(ask(router, "POST", "/b").status, 404);
  EXPECT_TRUE(router.match("POST", "/b").allow.empty());
}

TEST(Router, LetsTheOwnerWordTheRefusals) {
  Router router;
  router.on("GET", "/a", say("a"));
  router.not_found([](const Request&) { return Response::json(404, "{}"); });
  router.method_not_allowed([](const Request&) { return Response::json(405, "[]"); });

  EXPECT_EQ(ask(router, "GET", "/b").body, "{}");
  EXPECT_EQ(ask(router, "PUT", "/a").body, "[]");
}

class Directory : public testing::Test {
 protected:
  Directory() {
    std::filesystem::create_directories(root_ / "sub");
    std::ofstream(root_ / "index.html") << "index";
    std::ofstream(root_ / "sub" / "a b.ts") << "segment";
    std::ofstream(root_ / ".hidden") << "hidden";
    std::ofstream(dir_.path() / "secret") << "secret";
    std::filesystem::create_symlink(dir_.path() / "secret", root_ / "link");
    std::filesystem::create_directory_symlink(dir_.path(), root_ / "up");
    router_.on("GET", "/f/{path*}", serve_directory(root_));
  }
  Response get(const std::string& path) { return ask(router_, "GET", path); }

  test::TempDir dir_;
  std::filesystem::path root_ = dir_.path() / "root";
  Router router_;
};

TEST_F(Directory, ServesFilesAndTheIndex) {
  EXPECT_EQ(get("/f/").status, 200);
  EXPECT_EQ(get("/f/").headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get("/f/sub/a%20b.ts").status, 200);
  EXPECT_EQ(get("/f/sub/a%20b.ts").headers.get("content-type"), "video/mp2t");
}

TEST_F(Directory, NeverLeavesItsRoot) {
  for (const auto* path : {"/f/../secret",
                           "/f/..%2fsecret",
                           "/f/%2e%2e/secret",
                           "/f/%2e%2e%2fsecret",
                           "/f/sub/../../secret",
                           "/f/.%2e/secret",
                           "/f//etc/passwd",
                           "/f/%2fetc/passwd",
                           "/f/link",
                           "/f/up/secret",
                           "/f/.hidden",
                           "/f/sub/./a b.ts",
                           "/f/..",
                           "/f/.",
                           "/f/sub",
                           "/f/%5c..%5csecret",
                           "/f/index.html/",
                           "/f/index.html/x",
                           "/f/sub%2fa b.ts",
                           "/f/%00",
                           "/f/%zz",
                           "/f/%c0%ae%c0%ae/secret"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_FALSE(response.file) << path;
  }
}

TEST_F(Directory, ServesNoPipes) {
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);

  EXPECT_EQ(get("/f/pipe").status, 404);
}

}  // namespace
}  // namespace ts::httpd
