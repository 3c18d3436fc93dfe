# Two functions that make a folder one library and its tests one program.
#
#   mutual_library(privacy SOURCES a.cc b.cc DEPS mutual::crypto [PRIVATE_DEPS x])
#     -> target mutual_privacy, alias mutual::privacy
#   mutual_test(privacy SOURCES a_test.cc DEPS mutual::privacy)
#     -> program privacy_test, CTest entries privacy_test and (label slow) privacy_slow
# and mutual_program(mutual-node SOURCES main.cc DEPS …) for what people run.

# ThreadSanitizer is shown the locks of libraries that are built without it.
if(MUTUAL_SANITIZE MATCHES "thread")
  add_library(mutual_tsan OBJECT ${CMAKE_SOURCE_DIR}/tests/support/tsan_mutex.cc
                                 ${CMAKE_SOURCE_DIR}/tests/support/tsan_grpc.cc)
  target_compile_options(mutual_tsan PRIVATE -fsanitize=thread -fno-omit-frame-pointer -Wall -Wextra -Wconversion)
endif()

# What stands before the command of a test: where sanitizers look on, what also fails it for their reports. Times are
# multiplied by MUTUAL_PATIENCE.
set(MUTUAL_WATCH "")
set(MUTUAL_PATIENCE 1)
if(MUTUAL_SANITIZE MATCHES "thread|address")
  set(MUTUAL_PATIENCE 3)
endif()
if(MUTUAL_SANITIZE AND MUTUAL_TESTS)
  find_program(MUTUAL_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
  set(MUTUAL_WATCH ${CMAKE_COMMAND} -E env MUTUAL_TEST_PATIENCE=${MUTUAL_PATIENCE}
                   ${MUTUAL_PYTHON} ${CMAKE_SOURCE_DIR}/tests/support/reports.py)
endif()

function(mutual_flags target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  if(MUTUAL_WERROR)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      # gcc 12 sees overlaps in string + string that are not there (GCC bug 105651).
      target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
  endif()
  if(MUTUAL_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${MUTUAL_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${MUTUAL_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Instrumented, gcc 12 takes <regex> and <functional> for uninitialised.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
    if(MUTUAL_SANITIZE MATCHES "undefined")
      # SOCI hides type information that the vptr check would need.
      target_compile_options(${target} PRIVATE -fno-sanitize=vptr)
    endif()
  endif()
  get_target_property(type ${target} TYPE)
  if(TARGET mutual_tsan AND type STREQUAL "EXECUTABLE")
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:mutual_tsan>)
    target_link_libraries(${target} PRIVATE absl::synchronization ${CMAKE_DL_LIBS})
  endif()
  if(MUTUAL_THREAD_SAFETY)
    target_compile_options(${target} PRIVATE -Wthread-safety -Werror=thread-safety)
  endif()
endfunction()

function(mutual_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  string(REPLACE "/" "_" flat ${name})
  string(REPLACE "/" "::" pretty ${name})
  add_library(mutual_${flat} STATIC ${ARG_SOURCES})
  add_library(mutual::${pretty} ALIAS mutual_${flat})
  target_include_directories(mutual_${flat} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(mutual_${flat} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  mutual_flags(mutual_${flat})
endfunction()

function(mutual_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  mutual_flags(${name})
endfunction()

function(mutual_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  string(REPLACE "/" "_" flat ${name})
  add_executable(${flat}_test ${ARG_SOURCES})
  target_include_directories(${flat}_test PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${flat}_test PRIVATE ${ARG_DEPS} mutual_catch_main)
  target_compile_definitions(${flat}_test PRIVATE
    MUTUAL_SOURCE_DIR="${CMAKE_SOURCE_DIR}" MUTUAL_BINARY_DIR="${CMAKE_BINARY_DIR}")
  mutual_flags(${flat}_test)
  add_test(NAME ${flat}_test COMMAND ${MUTUAL_WATCH} $<TARGET_FILE:${flat}_test>)
  add_test(NAME ${flat}_slow COMMAND ${MUTUAL_WATCH} $<TARGET_FILE:${flat}_test> [.slow])
  set_tests_properties(${flat}_slow PROPERTIES LABELS slow)
endfunction()

# How long a test may take, in seconds of a build without sanitizers.
function(mutual_timeout test seconds)
  math(EXPR seconds "${seconds} * ${MUTUAL_PATIENCE}")
  set_tests_properties(${test} PROPERTIES TIMEOUT ${seconds})
endfunction()
