"""Formats that people bring: each is read into events with their places, and recorded by one engine (`recording`)."""
