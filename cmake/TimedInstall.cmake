# What a package installs.
install(TARGETS timed RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
install(TARGETS timedc RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES docs/timedc.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES docs/timed.conf.5 DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
install(FILES docs/timed.8 DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
set(TIMED_UNITDIR "lib/systemd/system" CACHE STRING "where systemd finds units of packages")
file(GLOB units CONFIGURE_DEPENDS systemd/*.service systemd/*.socket systemd/*.target systemd/*.path systemd/*.timer
     packaging/hooks/*.service packaging/hooks/*.path)
install(FILES ${units} DESTINATION "${TIMED_UNITDIR}")
# One program hears of the network, from whatever manages it.
install(PROGRAMS packaging/hooks/timed-network DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/timed")
install(PROGRAMS packaging/hooks/networkmanager DESTINATION "lib/NetworkManager/dispatcher.d" RENAME 20-timed)
# For `timedatectl set-ntp`.
install(FILES systemd/50-timed.list DESTINATION "lib/systemd/ntp-units.d")
install(FILES systemd/timed.sysusers DESTINATION "lib/sysusers.d" RENAME timed.conf)
install(FILES systemd/timed.tmpfiles DESTINATION "lib/tmpfiles.d" RENAME timed.conf)
install(FILES conf/completions/timedc.bash DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
        RENAME timedc)
install(FILES conf/completions/_timedc DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(FILES conf/completions/timedc.fish DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
install(FILES conf/timed.conf DESTINATION "${CMAKE_INSTALL_DATADIR}/timed" RENAME timed.conf.example)
# As they lie here, since they lead to each other.
install(FILES LICENSE README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
file(GLOB documents CONFIGURE_DEPENDS docs/*.md docs/*.svg)
install(FILES ${documents} DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs")
