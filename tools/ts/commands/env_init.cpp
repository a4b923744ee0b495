// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/random.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_env_init {

struct Options {
  std::string file = ".env.example";
  bool generate_keys = false;
  bool dev = false;
};

/// The commented file: every variable with its help, grouped.
std::string env_file(const std::map<std::string_view, std::string>& values) {
  std::string out =
      "# Settings of ts. Copy to .env and fill in; .env itself stays out of version control.\n"
      "# Each NAME can also be given as NAME_FILE, the path of a file that holds the value.\n";
  std::string_view group;
  for (const config::SettingInfo& info : config::all_settings()) {
    if (info.group != group) {
      group = info.group;
      out += fmt::format("\n# --- {} ---\n", group);
    }
    out += fmt::format("# {}\n", info.help);
    const auto given = values.find(info.name);
    if (given != values.end()) {
      out += fmt::format("{}={}\n", info.name, given->second);
    } else if (info.group == "LiveKit" || info.group == "Mux" || info.group == "Cloudflare") {
      out += fmt::format("{}=\n", info.name);
    } else {
      out += fmt::format("#{}={}\n", info.name, info.fallback);
    }
  }
  return out;
}

Status run(const Options& options, Context& context) {
  if (options.dev && options.generate_keys) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "--dev and --generate-keys exclude each other",
                 .hint = "--dev uses the fixed key pair of livekit-server --dev"};
  }
  std::map<std::string_view, std::string> values;
  if (options.dev) {
    values = {{"LIVEKIT_URL", "ws://localhost:7880"},
              {"LIVEKIT_API_KEY", "devkey"},
              {"LIVEKIT_API_SECRET", "secret"}};
  } else if (options.generate_keys) {
    // The shapes livekit-server generate-keys makes: API + 12 characters, 32 random bytes.
    values = {{"LIVEKIT_URL", "ws://localhost:7880"},
              {"LIVEKIT_API_KEY", "API" + crypto::random_alphanumeric(12)},
              {"LIVEKIT_API_SECRET", crypto::base64url_encode(crypto::random_bytes(32))}};
  }
  std::error_code ignored;
  if (std::filesystem::exists(options.file, ignored)) {
    TS_CHECK(context.confirm(fmt::format("overwrite {}?", options.file)));
  }
  Json document;
  document["schema"] = "ts.env_init/1";
  document["file"] = options.file;
  if (context.dry_run()) {
    document["written"] = false;
    return context.out().report(
        {.document = &document, .text = fmt::format("would write {}", options.file)});
  }
  TS_CHECK(write_file_atomic(options.file, env_file(values), 0600));
  document["written"] = true;
  context.out().status(fmt::format("next: fill in {}, then run ts env check", options.file));
  return context.out().report(
      {.document = &document, .text = fmt::format("wrote {}", options.file), .raw = options.file});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--file", options->file, "File to write")->capture_default_str()->type_name("F");
  app.add_flag("--generate-keys", options->generate_keys,
               "Fill in a fresh LiveKit key pair for a server of your own");
  app.add_flag("--dev", options->dev, "Fill in livekit-server --dev: devkey/secret on localhost");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_env_init

Command env_init() {
  return {.path = "env init",
          .summary = "Write a commented .env.example with every variable",
          .example = "ts env init\nts env init --dev --file .env",
          .forms = "raw",
          .bind = in_env_init::bind};
}

}  // namespace ts::cli
