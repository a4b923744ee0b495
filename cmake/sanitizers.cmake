# SPDX-License-Identifier: Apache-2.0
if(TS_SANITIZE)
  add_compile_options(-fsanitize=${TS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TS_SANITIZE})
endif()
if(TS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
