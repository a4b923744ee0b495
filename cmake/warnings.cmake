# SPDX-License-Identifier: Apache-2.0
# One interface target carries the warnings; third-party includes are SYSTEM and stay silent.
add_library(ts_warnings INTERFACE)
target_compile_options(ts_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ts_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wduplicated-cond -Wlogical-op -Wuseless-cast>
    # GCC 12 warns wrongly of "text" + string when it optimizes (GCC bug 105651).
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:-Wno-restrict>)
endif()
if(TS_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # It takes every included file for a header, where a type of an anonymous namespace would be a trap.
  target_compile_options(ts_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(TS_WERROR)
  target_compile_options(ts_warnings INTERFACE -Werror)
endif()
# Hardening: checked containers, stack protector, full relro. _FORTIFY_SOURCE needs optimisation.
target_compile_options(ts_warnings INTERFACE -fstack-protector-strong)
target_compile_definitions(ts_warnings INTERFACE _GLIBCXX_ASSERTIONS
  $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
target_link_options(ts_warnings INTERFACE -Wl,-z,relro,-z,now)
