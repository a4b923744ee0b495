# SPDX-License-Identifier: Apache-2.0
# ts_quick(TARGET): a Release build at -O1. For what is glue around JSON and the command line, and for
# tests: nothing in them is hot, and a third of their compile time is optimisation.
function(ts_quick target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# ts_unity(TARGET FILES): compiles so many files of it at a time, where TS_UNITY is on. Names of their
# anonymous namespaces meet then; a command of ts therefore keeps its own in a namespace of its name.
function(ts_unity target files)
  if(TS_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${files})
  endif()
endfunction()

# ts_library(NAME webhook LAYER 3 SOURCES a.cpp … DEPENDS core crypto … [LINK pkg::target …] [QUICK])
#
# Makes the static library ts_<name> with the alias ts::<name>. Fails at configure time on an
# arrow that points upward or sideways, unless the arrow is one of the same-layer arrows of the
# design (crypto -> core is downward; layer-0 core has none).
function(ts_library)
  cmake_parse_arguments(ARG "QUICK" "NAME;LAYER" "SOURCES;DEPENDS;LINK" ${ARGN})
  if(NOT ARG_NAME OR NOT DEFINED ARG_LAYER)
    message(FATAL_ERROR "ts_library needs NAME and LAYER")
  endif()
  set(target ts_${ARG_NAME})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(ts::${ARG_NAME} ALIAS ${target})
  set_property(TARGET ${target} PROPERTY TS_LAYER ${ARG_LAYER})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(${target} PRIVATE ts_warnings)
  if(ARG_QUICK)
    ts_quick(${target})
  endif()
  ts_unity(${target} 6)
  foreach(dependency IN LISTS ARG_DEPENDS)
    if(NOT TARGET ts_${dependency})
      message(FATAL_ERROR "ts_${ARG_NAME} depends on ts_${dependency}, which does not exist (yet)")
    endif()
    get_property(layer TARGET ts_${dependency} PROPERTY TS_LAYER)
    if(layer GREATER_EQUAL ARG_LAYER)
      message(FATAL_ERROR
        "arrow ${ARG_NAME} (layer ${ARG_LAYER}) -> ${dependency} (layer ${layer}) points upward or sideways; see README, layers")
    endif()
    target_link_libraries(${target} PUBLIC ts::${dependency})
  endforeach()
  target_link_libraries(${target} PRIVATE ${ARG_LINK})
endfunction()

# ts_test(NAME core SOURCES … DEPENDS … [LABELS quick|slow] [LINK …]): one GoogleTest executable per
# library; every TEST becomes a ctest of its own name.
function(ts_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;DEPENDS;LABELS;LINK" ${ARGN})
  set(target ${ARG_NAME}_test)
  add_executable(${target} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND ts::)
  target_link_libraries(${target} PRIVATE ts_warnings ${ARG_DEPENDS} ${ARG_LINK} GTest::gmock GTest::gtest_main)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE TS_TEST_DIR="${PROJECT_SOURCE_DIR}/tests")
  ts_quick(${target})
  ts_unity(${target} 6)
  if(NOT ARG_LABELS)
    set(ARG_LABELS quick)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  gtest_discover_tests(${target} TEST_PREFIX ${ARG_NAME}. DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${ARG_LABELS} TIMEOUT ${ARG_TIMEOUT})
endfunction()
