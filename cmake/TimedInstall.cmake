# What a package installs.  Service files and manual pages are installed as soon as they exist.
install(TARGETS timed RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
install(TARGETS timedc RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
