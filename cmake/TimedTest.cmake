# How many times its limit a test may take: for trees and machines in which all is slower.
set(TIMED_TEST_PATIENCE 1 CACHE STRING "Factor of the time limits of tests")

# timed_computes(NAMES...), timed_waits(NAMES...): tests that keep a processor busy, and those that wait for daemons and
# peers nine tenths of their time, take three and two of the jobs that ctest is given.  With `ctest -j` of four times the
# processors each computes one test while half as many wait, or two wait for each.
function(timed_computes)
  set_tests_properties(${ARGN} PROPERTIES PROCESSORS 3)
endfunction()
function(timed_waits)
  set_tests_properties(${ARGN} PROPERTIES PROCESSORS 2)
endfunction()

# timed_limit(NAME seconds): the time after which a test is ended.
function(timed_limit name seconds)
  math(EXPR limit "${seconds} * ${TIMED_TEST_PATIENCE}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${limit})
endfunction()

# timed_prefer(PROGRAM libraries...): of an inline function that a test and a library both emit, the linker takes the
# first: without this that of the test, which is not optimised, for all of the program.
function(timed_prefer program)
  set(archives "")
  foreach(library ${ARGN})
    list(APPEND archives $<TARGET_FILE:${library}>)
  endforeach()
  target_link_options(${program} PRIVATE -Wl,--whole-archive ${archives} -Wl,--no-whole-archive)
endfunction()

# timed_test(NAME DIR directory USES rooms... LIBS targets... LABEL label SHARDS count): one GoogleTest program from a
# folder, which with SHARDS runs as so many tests beside each other, each of a part of its cases.  PRECOMPILED headers are
# those that nearly all of its files include.
# GoogleTest is by far the dearest header: it is precompiled once and shared, and tests are compiled without
# optimisation (docs/decisions.md, "What fits in CI").
function(timed_gtest_pch)
  find_package(GTest REQUIRED)
  file(WRITE "${CMAKE_BINARY_DIR}/gtest_pch.cc" "")
  add_library(timed_gtest STATIC "${CMAKE_BINARY_DIR}/gtest_pch.cc")
  target_link_libraries(timed_gtest PUBLIC timed_flags GTest::gtest)
  target_compile_options(timed_gtest PUBLIC $<$<NOT:$<BOOL:${TIMED_COVERAGE}>>:-O0> -U_FORTIFY_SOURCE)
  # Programs are compiled as -fPIE: the header must be too, or gcc refuses it.
  set_target_properties(timed_gtest PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(timed_gtest PRIVATE -fPIE)
  target_precompile_headers(timed_gtest PRIVATE <gtest/gtest.h>)
endfunction()

function(timed_test name)
  cmake_parse_arguments(arg "" "DIR;LABEL;TIMEOUT;SHARDS" "USES;LIBS;SOURCES;DEFINES;PRECOMPILED" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${arg_DIR}/*_test.cc")
  list(APPEND sources ${arg_SOURCES})
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM arg_USES PREPEND timed_)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${arg_USES} ${arg_LIBS} timed_gtest GTest::gtest_main)
  if(arg_PRECOMPILED)
    target_precompile_headers(${name} PRIVATE <gtest/gtest.h> ${arg_PRECOMPILED})
  else()
    target_precompile_headers(${name} REUSE_FROM timed_gtest)
  endif()
  target_compile_definitions(${name} PRIVATE TIMED_SOURCE_DIR="${CMAKE_SOURCE_DIR}" ${arg_DEFINES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(NOT arg_SHARDS)
    set(arg_SHARDS 1)
  endif()
  foreach(shard RANGE 1 ${arg_SHARDS})
    set(test ${name})
    if(arg_SHARDS GREATER 1)
      set(test ${name}_${shard}_of_${arg_SHARDS})
    endif()
    math(EXPR index "${shard} - 1")
    add_test(NAME ${test} COMMAND ${name})
    set_tests_properties(${test} PROPERTIES LABELS "${arg_LABEL}"
                         ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${index}")
    timed_limit(${test} ${arg_TIMEOUT})
    timed_computes(${test})
  endforeach()
endfunction()
