"""The service: everything that touches a disk, a clock, a socket or a terminal."""
