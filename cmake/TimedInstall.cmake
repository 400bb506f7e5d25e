# What a package installs.
install(TARGETS timed RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
install(TARGETS timedc RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES docs/timedc.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES docs/timed.conf.5 DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
install(FILES docs/timed.8 DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
install(FILES systemd/timed.service DESTINATION "lib/systemd/system")
install(FILES conf/timed.conf DESTINATION "${CMAKE_INSTALL_DATADIR}/timed" RENAME timed.conf.example)
install(FILES LICENSE README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
