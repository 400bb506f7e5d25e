# timed_room(NAME USES rooms... LIBS libraries...): the static library of one room, from src/NAME/*.cc.
# Only the rooms named in USES are linked, so that a wrong include fails to link (and the lint test fails first).
function(timed_room name)
  cmake_parse_arguments(arg "" "" "USES;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cc")
  list(TRANSFORM arg_USES PREPEND timed_)
  if(sources)
    add_library(timed_${name} STATIC ${sources})
    target_link_libraries(timed_${name} PUBLIC timed_flags ${arg_USES} PRIVATE ${arg_LIBS})
    target_compile_definitions(timed_${name} PRIVATE
      TIMED_VERSION="${PROJECT_VERSION}" TIMED_SYSCONFDIR="${TIMED_SYSCONFDIR}"
      TIMED_RUNDIR="${TIMED_RUNDIR}" TIMED_DEFAULT_USER="${TIMED_DEFAULT_USER}")
    target_compile_options(timed_${name} PRIVATE ${TIMED_HARDENING})
    if(NOT name STREQUAL "client")
      target_compile_options(timed_${name} PRIVATE -fno-exceptions)
    endif()
  else()
    add_library(timed_${name} INTERFACE)
    target_link_libraries(timed_${name} INTERFACE timed_flags ${arg_USES})
  endif()
endfunction()

# timed_program(NAME SOURCES files... | SOURCE_DIR dir  USES rooms...)
function(timed_program name)
  cmake_parse_arguments(arg "" "SOURCE_DIR" "SOURCES;USES;LIBS" ${ARGN})
  if(arg_SOURCE_DIR)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${arg_SOURCE_DIR}/*.cc")
  endif()
  list(TRANSFORM arg_USES PREPEND timed_)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE timed_flags ${arg_USES} ${arg_LIBS})
  target_compile_definitions(${name} PRIVATE
    TIMED_VERSION="${PROJECT_VERSION}" TIMED_SYSCONFDIR="${TIMED_SYSCONFDIR}"
    TIMED_RUNDIR="${TIMED_RUNDIR}" TIMED_DEFAULT_USER="${TIMED_DEFAULT_USER}")
  target_compile_options(${name} PRIVATE ${TIMED_HARDENING})
  target_link_options(${name} PRIVATE -pie)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endfunction()
